import { DEFAULT_FORMATS, DISK_FORMATS, parseFormats } from '../images/formats.ts';
import { alignColumns } from '../ui/table.ts';
import type { CommandDefinition } from './command.ts';

const HEADINGS = ['format', 'file', 'target', 'size', 'besides the comparison'];

/** `formats`: every format that images can be made in. */
export const formatsCommand: CommandDefinition = {
  name: 'formats',
  summary: 'list the formats: where each goes, how large it is, how it is proven',
  run: (_input, context) => {
    const defaults = new Set(parseFormats(DEFAULT_FORMATS));
    const rows = DISK_FORMATS.map((format) => [
      `${format.name}${defaults.has(format) ? ' *' : ''}`,
      `NAME.${format.extension}`,
      format.target,
      format.size,
      format.check,
    ]);
    for (const line of alignColumns([HEADINGS, ...rows])) context.print(line);
    context.print('* made when FORMATS is not set. Every file is compared with the source, byte for byte.');
    return Promise.resolve();
  },
};

import { resolve } from 'node:path';
import { BuilderError } from '../errors.ts';
import { type Artifact, runPhase } from '../events.ts';
import { convertImage } from '../images/convert-image.ts';
import { parseFormats } from '../images/formats.ts';
import { EVENT_SOCKET_VARIABLE } from '../system/event-socket.ts';
import type { CommandContext, CommandDefinition, CommandInput } from './command.ts';

const DEFAULT_COPIES = 'vdi,vhd,vmdk';

/** Converts a disk image to several formats at once and proves that they hold the same disk. */
export const convertCommand: CommandDefinition = {
  name: 'convert',
  summary: 'convert a disk image to several formats at once, and compare each with it',
  arguments: [
    { name: 'file', description: 'the disk image: qcow2, raw, vdi, vhd, vhdx or vmdk', required: true },
  ],
  options: [
    {
      flags: '--formats <list>',
      description: `separated by commas; the command formats lists them (default: ${DEFAULT_COPIES})`,
    },
    { flags: '--output-dir <folder>', description: 'where to write (default: beside the image)' },
    { flags: '--name <name>', description: "the files' name without extension (default: the image's)" },
    { flags: '--force', description: 'replace files that are there already' },
  ],
  run: convert,
};

async function convert(input: CommandInput, context: CommandContext): Promise<void> {
  const { formats, outputDir, name, force } = input.options;
  const [file] = input.args;
  if (file === undefined) {
    throw new BuilderError('settings-invalid', 'no image is given', { hint: 'say convert FILE' });
  }
  const work = (): Promise<readonly Artifact[]> =>
    convertImage(resolve(context.cwd, file), {
      formats: parseFormats(typeof formats === 'string' ? formats : DEFAULT_COPIES),
      ...(typeof outputDir === 'string' ? { outputFolder: resolve(context.cwd, outputDir) } : {}),
      ...(typeof name === 'string' ? { name } : {}),
      force: force === true,
      emit: context.emit,
      signal: context.signal,
    });
  // Inside a build this is a part of the phase that the build tells of.
  if (context.env[EVENT_SOCKET_VARIABLE] !== undefined) await work();
  else await runPhase(context.emit, 'convert', `convert ${file}`, work);
}

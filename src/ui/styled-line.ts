import { styleText } from 'node:util';
import { textWidth, truncate } from './text-width.ts';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** A piece of a line, with its style apart, so that lines can be measured and cut before they are coloured. */
export interface Segment {
  readonly text: string;
  readonly style?: Style;
}

/** One line of text to show; the texts are clean (see `cleanText`). */
export type StyledLine = readonly (Segment | string)[];

/** How many columns the line takes. */
export function lineWidth(line: StyledLine): number {
  return line.reduce((width, part) => width + textWidth(textOf(part)), 0);
}

/** The line cut to `width` columns. */
export function fitLine(line: StyledLine, width: number, ellipsis: string): StyledLine {
  if (lineWidth(line) <= width) return line;
  const fitted: (Segment | string)[] = [];
  let room = width;
  for (const part of line) {
    const text = textOf(part);
    if (textWidth(text) >= room) {
      // The rest is cut off even if this part fits just so: one column less makes room for the mark.
      const cut = truncate(`${text} `, room, ellipsis);
      fitted.push(typeof part === 'string' ? cut : { ...part, text: cut });
      break;
    }
    room -= textWidth(text);
    fitted.push(part);
  }
  return fitted;
}

/** The line as text, with colour codes when asked for. */
export function paintLine(line: StyledLine, colour: boolean): string {
  return line.map((part) => paintPart(part, colour)).join('');
}

/** Whether to colour what goes to this stream: a terminal that can, and a user who does not mind (no-color.org). */
export function wantsColour(isTTY: boolean | undefined, env: NodeJS.ProcessEnv): boolean {
  const noColour = env['NO_COLOR'];
  return isTTY === true && (noColour === undefined || noColour === '') && env['TERM'] !== 'dumb';
}

function textOf(part: Segment | string): string {
  return typeof part === 'string' ? part : part.text;
}

function paintPart(part: Segment | string, colour: boolean): string {
  if (typeof part === 'string' || part.style === undefined || !colour) return textOf(part);
  // The decision is made already: styleText's own look at process.stdout would be about the wrong stream.
  return styleText(part.style, part.text, { validateStream: false });
}

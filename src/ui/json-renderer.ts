import type { OutputStream, Renderer } from './output-stream.ts';

/** One event a line, exactly as it was emitted: `jq` and other programs read it. */
export function createJsonRenderer(stdout: OutputStream): Renderer {
  return {
    listener: (event) => {
      // JSON.stringify escapes every line end inside of strings: a line is always one whole event.
      stdout.write(`${JSON.stringify(event)}\n`);
    },
    close: () => undefined,
  };
}

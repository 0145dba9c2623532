import { StringDecoder } from 'node:string_decoder';

/**
 * Cuts a stream of bytes into lines. A newline, a carriage return, or both together end a line, so that progress
 * written over itself arrives piece by piece. Characters cut in two by a chunk's border stay whole.
 */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8');
  readonly #onLine: (line: string) => void;
  #pending = '';
  /** The last chunk ended in "\r", which was taken as a line's end: a "\n" that follows belongs to it. */
  #afterReturn = false;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    let text = this.#decoder.write(chunk);
    if (text === '') return;
    if (this.#afterReturn && text.startsWith('\n')) text = text.slice(1);
    this.#afterReturn = text.endsWith('\r');
    // Only what is new is searched: a line of many megabytes (JSON) comes in thousands of chunks.
    const [first = '', ...others] = text.split(/\r\n|\n|\r/);
    this.#pending += first;
    for (const next of others) {
      const line = this.#pending;
      this.#pending = next;
      this.#onLine(line);
    }
  }

  /** The last line, when it did not end in a newline. */
  end(): void {
    const rest = this.#pending + this.#decoder.end();
    this.#pending = '';
    if (rest !== '') this.#onLine(rest);
  }
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter } from './line-splitter.ts';

function split(chunks: readonly Uint8Array[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const chunk of chunks) splitter.push(Buffer.from(chunk));
  splitter.end();
  return lines;
}

/** What the splitter should do, said as simply as possible: it needs the whole text at once. */
function naiveSplit(text: string): string[] {
  const lines = text.split(/\r\n|\r|\n/);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

describe('LineSplitter', () => {
  it.each([
    [['a\nb\n'], ['a', 'b'], 'lines'],
    [['a\nb'], ['a', 'b'], 'the last one without an end'],
    [['a', 'b\n'], ['ab'], 'a line in two chunks'],
    [['10 %\r20 %\r'], ['10 %', '20 %'], 'progress written over itself'],
    [['a\r\nb'], ['a', 'b'], 'the two-character line end'],
    [['a\r', '\nb'], ['a', 'b'], 'the two-character line end cut in two'],
    [['a\r', 'b'], ['a', 'b'], 'a lone carriage return at the end of a chunk'],
    [['a\r', '', '\nb'], ['a', 'b'], 'an empty chunk in between'],
    [['\n\n'], ['', ''], 'empty lines count'],
    [[], [], 'nothing'],
  ])('%j gives %j: %s', (chunks, lines) => {
    expect(split(chunks.map((chunk) => Buffer.from(chunk)))).toEqual(lines);
  });

  it('gives each line as soon as its end came', () => {
    const lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(line));
    splitter.push(Buffer.from('50 %\r'));
    expect(lines).toEqual(['50 %']);
  });

  it('gives the same lines however the bytes are cut', () => {
    const texts = fc
      .array(fc.oneof(fc.constantFrom('\r', '\n', '\r\n'), fc.string({ unit: 'grapheme' })))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(texts, fc.array(fc.nat({ max: 5 })), (text, sizes) => {
        const bytes = Buffer.from(text, 'utf8');
        const chunks: Buffer[] = [];
        let start = 0;
        for (const size of sizes) {
          chunks.push(bytes.subarray(start, start + size));
          start += size;
        }
        chunks.push(bytes.subarray(start));
        expect(split(chunks)).toEqual(naiveSplit(bytes.toString('utf8')));
      }),
    );
  });

  it('reads a very long line in no time', () => {
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(line));
    const startMs = performance.now();
    for (let count = 0; count < 1000; count += 1) splitter.push(chunk);
    splitter.end();
    expect(lines.map(({ length }) => length)).toEqual([64_000 * 1024]);
    expect(performance.now() - startMs).toBeLessThan(2000);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMapLine } from './qemu-img-map.ts';

describe('parseMapLine', () => {
  it.each([
    [
      'data in the top file',
      '{ "start": 0, "length": 512, "depth": 0, "present": true, "zero": false, "data": true, "offset": 327680},',
      { startBytes: 0, lengthBytes: 512, depth: 0, hasData: true, offsetBytes: 327_680 },
    ],
    [
      'compressed data, which have no offset',
      '{ "start": 0, "length": 512, "depth": 0, "present": true, "zero": false, "data": true},',
      { startBytes: 0, lengthBytes: 512, depth: 0, hasData: true, offsetBytes: undefined },
    ],
    [
      'a hole in a raw file, which lies in the file but reads as zeros',
      '{ "start": 512, "length": 512, "depth": 1, "present": true, "zero": true, "data": false, "offset": 512},',
      { startBytes: 512, lengthBytes: 512, depth: 1, hasData: false, offsetBytes: 512 },
    ],
  ])('reads %s', (_what, line, extent) => {
    expect(parseMapLine(line)).toEqual(extent);
  });

  it('reads a line at the beginning, in the middle and at the end of the list alike', () => {
    const number = fc.nat(Number.MAX_SAFE_INTEGER);
    fc.assert(
      fc.property(number, number, fc.nat(9), fc.boolean(), (start, length, depth, data) => {
        const line = JSON.stringify({ start, length, depth, present: data, zero: !data, data });
        const extent = {
          startBytes: start,
          lengthBytes: length,
          depth,
          hasData: data,
          offsetBytes: undefined,
        };
        for (const text of [line, `[${line},`, `${line},`, `${line}]`, `[${line}]`]) {
          expect(parseMapLine(text)).toEqual(extent);
        }
      }),
    );
  });

  it.each(['', '[', ']', '[]'])('finds nothing in the frame %j', (line) => {
    expect(parseMapLine(line)).toBeUndefined();
  });

  it('does not take other output for an extent', () => {
    expect(() => parseMapLine('warning: something')).toThrow(SyntaxError);
    expect(() => parseMapLine('{ "start": 0 }')).toThrow();
  });
});

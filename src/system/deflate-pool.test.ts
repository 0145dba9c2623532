import { inflateRawSync, inflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { DeflatePool, type DeflateSettings } from './deflate-pool.ts';

const SETTINGS: DeflateSettings = {
  pieceBytes: 1000,
  wrapper: 'zlib',
  options: { level: 1 },
  skipZeros: true,
};

function filled(...pieces: readonly number[]): ArrayBuffer {
  return Uint8Array.from(pieces.flatMap((value) => new Array<number>(1000).fill(value))).buffer;
}

describe('DeflatePool', () => {
  it('compresses each piece by itself, and leaves out those of zeros', async () => {
    await using pool = new DeflatePool(2);
    const input = filled(1, 0, 2);
    new Uint8Array(input)[1999] = 7;
    const { pieces } = await pool.deflate(input, SETTINGS);
    expect(pieces.map((piece) => piece && inflateSync(piece))).toEqual([
      Buffer.alloc(1000, 1),
      Buffer.concat([Buffer.alloc(999), Buffer.of(7)]),
      Buffer.alloc(1000, 2),
    ]);
    expect((await pool.deflate(filled(0, 3), SETTINGS)).pieces.map((piece) => piece !== undefined)).toEqual([
      false,
      true,
    ]);
  });

  it('gives the memory back', async () => {
    await using pool = new DeflatePool(1);
    const input = filled(5);
    const result = await pool.deflate(input, SETTINGS);
    expect([input.byteLength, result.input.byteLength]).toEqual([0, 1000]);
  });

  it('answers each of many calls, on all its threads', async () => {
    await using pool = new DeflatePool(3);
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        pool.deflate(filled(index + 1), { ...SETTINGS, wrapper: 'none' }),
      ),
    );
    expect(results.map(({ pieces: [piece] }) => piece && inflateRawSync(piece)[0])).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
  });

  it('fails what it was asked for when it is ended', async () => {
    const pool = new DeflatePool(1);
    const asked = pool.deflate(filled(1), SETTINGS);
    await Promise.all([
      expect(asked).rejects.toThrow('the compression was stopped'),
      pool[Symbol.asyncDispose](),
    ]);
  });

  it('fails when zlib does', async () => {
    await using pool = new DeflatePool(1);
    await expect(pool.deflate(filled(1), { ...SETTINGS, options: { level: 99 } })).rejects.toThrow(/level/);
    // The thread is gone: nobody may wait for it.
    await expect(pool.deflate(filled(1), SETTINGS)).rejects.toThrow(/level/);
  });
});

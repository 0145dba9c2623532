import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { DeflatePool } from '../system/deflate-pool.ts';
import { gzip } from './gzip.ts';

const pool = new DeflatePool(2);
afterAll(() => pool[Symbol.asyncDispose]());

async function compress(pieces: readonly Uint8Array[]): Promise<Buffer> {
  const input = async function* (): AsyncGenerator<Buffer<ArrayBuffer>> {
    for (const piece of pieces) yield await Promise.resolve(Buffer.from(Uint8Array.from(piece)));
  };
  const output: Buffer[] = [];
  for await (const piece of gzip(pool, input())) output.push(piece);
  return Buffer.concat(output);
}

describe('gzip', () => {
  it('is one gzip member of all the pieces', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 12 }), async (pieces) => {
        expect(gunzipSync(await compress(pieces)).equals(Buffer.concat(pieces))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('compresses', async () => {
    const pieces = Array.from({ length: 8 }, () => Buffer.alloc(1024 * 1024, 'abc'));
    const compressed = await compress(pieces);
    expect(compressed.length).toBeLessThan(20_000);
    expect(gunzipSync(compressed).equals(Buffer.concat(pieces))).toBe(true);
  });

  it('takes parts of larger memory without their surroundings', async () => {
    const whole = Buffer.alloc(1000, 'x');
    whole.write('inner', 100);
    const input = async function* (): AsyncGenerator<Buffer<ArrayBuffer>> {
      yield await Promise.resolve(Buffer.from(whole.buffer, whole.byteOffset + 100, 5));
    };
    const output: Buffer[] = [];
    for await (const piece of gzip(pool, input())) output.push(piece);
    expect(gunzipSync(Buffer.concat(output)).toString()).toBe('inner');
  });
});

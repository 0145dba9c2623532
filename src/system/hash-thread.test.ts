import { createHash, randomBytes } from 'node:crypto';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Interrupted } from '../errors.ts';
import { temporaryFolder } from './files.ts';
import { hashInThread } from './hash-thread.ts';
import { Scope } from './scope.ts';

const MEBIBYTE = 1024 * 1024;
const quiet = (): { onBytes: () => void; signal: AbortSignal } => ({
  onBytes: () => undefined,
  signal: new AbortController().signal,
});

describe('hashInThread', () => {
  it.each([
    ['an empty file', 0],
    ['a short file', 5],
    ['whole chunks', 2 * MEBIBYTE],
    ['a chunk and a byte', MEBIBYTE + 1],
  ])('knows the sha256 of %s', async (_what, bytes) => {
    await using scope = new Scope();
    const path = join(await temporaryFolder(scope), 'file');
    const content = randomBytes(bytes);
    await writeFile(path, content);
    expect(await hashInThread(path, quiet())).toBe(createHash('sha256').update(content).digest('hex'));
  });

  it('tells how far it is', async () => {
    await using scope = new Scope();
    const path = join(await temporaryFolder(scope), 'file');
    await writeFile(path, Buffer.alloc(40 * MEBIBYTE));
    const told: number[] = [];
    await hashInThread(path, { ...quiet(), onBytes: (doneBytes) => told.push(doneBytes) });
    expect(told).toEqual([16 * MEBIBYTE, 32 * MEBIBYTE]);
  });

  it('fails with the error of the system', async () => {
    await expect(hashInThread('/nowhere/file', quiet())).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('stops in the middle when told to, with the reason', async () => {
    await using scope = new Scope();
    const path = join(await temporaryFolder(scope), 'file');
    const file = await open(path, 'w');
    await file.truncate(64 * 1024 * MEBIBYTE);
    await file.close();
    const controller = new AbortController();
    const hashing = hashInThread(path, {
      onBytes: () => controller.abort(new Interrupted('SIGINT')),
      signal: controller.signal,
    });
    await expect(hashing).rejects.toBeInstanceOf(Interrupted);
    await expect(hashInThread(path, { ...quiet(), signal: controller.signal })).rejects.toBeInstanceOf(
      Interrupted,
    );
  });
});

import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TypescriptProgram } from '../../test/support/typescript-program.ts';
import {
  exists,
  fileSizeBytes,
  freeBytes,
  hashFile,
  syncFile,
  temporaryFolder,
  writeFileWhole,
} from './files.ts';
import { Scope } from './scope.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'files-test-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('writeFileWhole', () => {
  it.each([
    [0o600, 'a key'],
    [0o644, 'the default'],
    [0o755, 'a script'],
    [0o666, 'more than the umask allows'],
    [0o400, 'read-only'],
  ])('gives the file mode %o (%s)', async (mode) => {
    const path = join(folder, 'file');
    await writeFileWhole(path, 'text', mode);
    expect(await readFile(path, 'utf8')).toBe('text');
    expect((await stat(path)).mode & 0o777).toBe(mode);
  });

  it('keeps the old file and leaves no other when it cannot finish', async () => {
    const path = join(folder, 'taken');
    await mkdir(join(path, 'inside'), { recursive: true });
    await expect(writeFileWhole(path, 'text')).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
    expect(await readdir(folder)).toEqual(['taken']);
  });

  it('lets two writers of one file both finish', async () => {
    const path = join(folder, 'file');
    await Promise.all(['one', 'two', 'three'].map((text) => writeFileWhole(path, text)));
    expect(['one', 'two', 'three']).toContain(await readFile(path, 'utf8'));
    expect(await readdir(folder)).toEqual(['file']);
  });

  it('has the old content or the new one when the program is killed', async () => {
    const path = join(folder, 'file');
    await using writer = await TypescriptProgram.start(`
      import { writeFileWhole } from './system/files.ts';
      for (let round = 0; ; round += 1) {
        await writeFileWhole(${JSON.stringify(path)}, String(round % 10).repeat(4_000_000));
        if (round === 3) console.log('writing');
      }
    `);
    await writer.printed('writing');
    writer.child.kill('SIGKILL');
    await writer.ended();
    const content = await readFile(path, 'utf8');
    expect(content).toHaveLength(4_000_000);
    expect(new Set(content).size).toBe(1);
  });
});

describe('temporaryFolder', () => {
  it('is private, and gone with all it holds when the scope ends', async () => {
    let path: string;
    {
      await using scope = new Scope();
      path = await temporaryFolder(scope, join(folder, 'new', 'parent'));
      expect((await stat(path)).mode & 0o777).toBe(0o700);
      await mkdir(join(path, 'sub'));
      await writeFile(join(path, 'sub', 'file'), '');
    }
    expect(await exists(path)).toBe(false);
    expect(await exists(join(folder, 'new', 'parent'))).toBe(true);
  });
});

describe('hashFile', () => {
  it.each([
    ['md5', '900150983cd24fb0d6963f7d28e17f72'],
    ['sha256', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'sha512',
      'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
    ],
  ] as const)('knows the %s of "abc" (test vector of the standard)', async (algorithm, digest) => {
    await writeFile(join(folder, 'abc'), 'abc');
    expect(await hashFile(join(folder, 'abc'), algorithm)).toBe(digest);
  });

  it('tells how far it is', async () => {
    await writeFile(join(folder, 'big'), Buffer.alloc(2.5 * 1024 * 1024));
    const told: number[] = [];
    await hashFile(join(folder, 'big'), 'sha256', { onBytes: (doneBytes) => told.push(doneBytes) });
    expect(told).toEqual([2 ** 20, 2 * 2 ** 20, 2.5 * 2 ** 20]);
  });

  it('stops when told to', async () => {
    await writeFile(join(folder, 'big'), Buffer.alloc(8 * 1024 * 1024));
    const controller = new AbortController();
    const hashing = hashFile(join(folder, 'big'), 'sha256', {
      signal: controller.signal,
      onBytes: () => {
        controller.abort();
      },
    });
    await expect(hashing).rejects.toThrow(/aborted/);
  });
});

describe('small questions', () => {
  it('exists: a broken link is nothing', async () => {
    await symlink('nowhere', join(folder, 'link'));
    expect([await exists(folder), await exists(join(folder, 'link'))]).toEqual([true, false]);
  });

  it('freeBytes: a folder that is not there yet has the room of its parent', async () => {
    const bytes = await freeBytes(join(folder, 'not', 'there', 'yet'));
    expect(bytes).toBeGreaterThan(0);
  });

  it('fileSizeBytes: undefined without a file', async () => {
    await writeFile(join(folder, 'three'), 'abc');
    expect(await fileSizeBytes(join(folder, 'three'))).toBe(3);
    expect(await fileSizeBytes(join(folder, 'none'))).toBeUndefined();
  });

  it('syncFile: fails for a file that is not there', async () => {
    await writeFile(join(folder, 'there'), '');
    await syncFile(join(folder, 'there'));
    await expect(syncFile(join(folder, 'none'))).rejects.toThrow(/ENOENT/);
  });
});

import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './files.ts';
import { OutputFile } from './output-file.ts';
import { Scope } from './scope.ts';

describe('OutputFile', () => {
  it('holds all the parts in their order, and knows its length and its sha256', async () => {
    await using scope = new Scope();
    const path = join(await temporaryFolder(scope), 'file');
    await using file = await OutputFile.create(path);
    await file.write([Buffer.from('one '), Buffer.from('two ')]);
    await file.write([]);
    expect(file.bytes).toBe(8);
    await file.write([Buffer.alloc(3_000_000, 'x')]);
    const content = Buffer.concat([Buffer.from('one two '), Buffer.alloc(3_000_000, 'x')]);
    expect(await file.finish()).toEqual({
      bytes: content.length,
      sha256: createHash('sha256').update(content).digest('hex'),
    });
    expect((await readFile(path)).equals(content)).toBe(true);
  });

  it('never takes the place of another file', async () => {
    await using scope = new Scope();
    const path = join(await temporaryFolder(scope), 'file');
    await writeFile(path, 'precious');
    await expect(OutputFile.create(path)).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await readFile(path, 'utf8')).toBe('precious');
  });
});

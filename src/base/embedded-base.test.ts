import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../system/files.ts';
import { Scope } from '../system/scope.ts';
import { diskKey } from './debian-disk.ts';
import { madeDiskPath, provideDebianDisk, readMadeDisk } from './embedded-base.ts';
import { EMBEDDED_RECIPE } from './embedded-recipe.ts';

describe('a disk made earlier', () => {
  let scope: Scope;
  let folder: string;
  let path: string;
  const record = { recipe: diskKey(EMBEDDED_RECIPE), sha256: 'a'.repeat(64), sizeBytes: 4 };

  beforeEach(async () => {
    scope = new Scope();
    folder = await temporaryFolder(scope);
    path = madeDiskPath(EMBEDDED_RECIPE, folder);
    await writeFile(path, 'disk');
    await writeFile(`${path}.json`, JSON.stringify(record));
  });
  afterEach(() => scope[Symbol.asyncDispose]());

  it('is used as it is', async () => {
    const disk = await provideDebianDisk(EMBEDDED_RECIPE, folder, { emit: () => undefined });
    expect(disk).toEqual({ path, sha256: record.sha256, reused: true });
  });

  it('is not the disk of a changed recipe', async () => {
    expect(await readMadeDisk({ ...EMBEDDED_RECIPE, script: 'true' }, folder)).toBeUndefined();
  });

  it.each([
    ['shorter than it was made', 'd', JSON.stringify(record)],
    ['without a record that can be read', 'disk', '{'],
    ['with the record of another recipe', 'disk', JSON.stringify({ ...record, recipe: 'b'.repeat(16) })],
  ])('does not count when it is %s', async (_, disk, text) => {
    await writeFile(path, disk);
    await writeFile(`${path}.json`, text);
    expect(await readMadeDisk(EMBEDDED_RECIPE, folder)).toBeUndefined();
  });
});

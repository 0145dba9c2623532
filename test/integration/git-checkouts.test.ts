import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCheckouts } from '../../src/attest/git-checkouts.ts';
import { temporaryFolder } from '../../src/system/files.ts';
import { run } from '../../src/system/process.ts';
import { Scope } from '../../src/system/scope.ts';

const COUNT = 1000;
const scope = new Scope();
afterAll(() => scope[Symbol.asyncDispose]());

describe('a git checkout that much was read from', () => {
  let folder: string;
  const fileAt = (index: number) => {
    const name = `file ${String(index).padStart(4, '0')}`;
    return { name, path: join(folder, 'many', name) };
  };

  beforeAll(async () => {
    folder = await temporaryFolder(scope);
    await mkdir(join(folder, 'many'));
    const git = (...args: readonly string[]) => run(['git', '-C', folder, ...args]);
    await git('init', '--quiet');
    for (let index = 0; index < COUNT; index += 1) await writeFile(fileAt(index).path, 'as committed\n');
    await git('add', '.');
    await git('-c', 'user.name=n', '-c', 'user.email=e@x', 'commit', '--quiet', '--message', 'all');
  });

  it('is told with all files, and those that are not as the commit has them', async () => {
    const files = Array.from({ length: COUNT }, (_, index) => fileAt(index));
    for (const index of [3, 500, 999]) await appendFile(fileAt(index).path, 'changed\n');
    const [checkout, ...others] = await readCheckouts(files);
    expect(others).toEqual([]);
    expect(checkout?.commit).toMatch(/^[0-9a-f]{40}$/);
    expect(checkout?.files).toHaveLength(COUNT);
    expect(checkout?.changed).toEqual(['file 0003', 'file 0500', 'file 0999']);
  });
});

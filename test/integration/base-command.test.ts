import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { baseCommand } from '../../src/commands/base.ts';
import { temporaryFolder } from '../../src/system/files.ts';
import { Scope } from '../../src/system/scope.ts';

/** What `base ARGS` prints for an IMAGE_PATH. */
async function base(imagePath: string, ...args: string[]): Promise<string> {
  const printed: string[] = [];
  const variables = { IMAGE_PATH: imagePath };
  await baseCommand.run(
    { args, options: {}, variables },
    {
      env: {},
      cwd: imagePath,
      programFolder: imagePath,
      signal: new AbortController().signal,
      emit: () => undefined,
      subscribe: () => () => undefined,
      print: (text) => printed.push(text),
    },
  );
  return printed.join('\n');
}

it('shows what a build would take, lists what is there, and makes it ready', async () => {
  await using scope = new Scope();
  const imagePath = await temporaryFolder(scope);
  expect(await base(imagePath, 'show')).toContain('Debian 12, made here');
  expect(await base(imagePath)).toContain('no base images in');

  const disk = Buffer.alloc(1024 ** 2);
  disk.writeUInt16LE(0xaa55, 510);
  await mkdir(join(imagePath, '.cache'));
  await writeFile(join(imagePath, 'jammy-server-cloudimg-amd64.img'), disk);
  expect(await base(imagePath, 'show')).toMatch(/family +ubuntu\nssh user +ubuntu/);
  expect(await base(imagePath, 'list')).toMatch(/^given +1 MiB {2}jammy-server-cloudimg-amd64\.img/);
  expect(await base(imagePath, 'make')).toContain('raw, 1 MiB, already there');
});

it('says what it knows when it is asked for something else', async () => {
  await expect(base('/nowhere', 'toString')).rejects.toMatchObject({
    code: 'settings-invalid',
    hint: 'use one of: make, list, show',
  });
});

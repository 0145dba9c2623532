import { expect, it } from 'vitest';
import { inspectDisk } from '../../src/base/inspect-disk.ts';
import { run } from '../../src/system/process.ts';
import { Scope } from '../../src/system/scope.ts';
import { temporaryFolder } from '../../src/system/files.ts';
import { join } from 'node:path';

it.each([
  ['behind it', ['-b', 'other.qcow2', '-F', 'qcow2']],
  ['with its data', ['-o', 'data_file=other.raw']],
])('a base that needs a file %s is refused, and the file named', async (_what, args) => {
  await using scope = new Scope();
  const folder = await temporaryFolder(scope);
  const create = ['qemu-img', 'create', '-q', '-f', 'qcow2'];
  await run([...create, 'other.qcow2', '1M'], { cwd: folder });
  await run([...create, ...args, 'base.qcow2', '1M'], { cwd: folder });
  await expect(inspectDisk(join(folder, 'base.qcow2'))).rejects.toMatchObject({
    code: 'base-not-a-disk',
    message: expect.stringMatching(
      /base\.qcow2 is not a whole disk image: it needs the file .*other\./,
    ) as string,
  });
});

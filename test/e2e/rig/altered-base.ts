import { open, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryFolder } from '../../../src/system/files.ts';
import { run } from '../../../src/system/process.ts';
import { Scope } from '../../../src/system/scope.ts';
import { sharedBase } from './shared-base.ts';

const SECTOR_BYTES = 512;
const GRUB_CONFIG = '/boot/grub/grub.cfg';

/** What is broken in a copy of the embedded base. */
export interface Alteration {
  /** The boot loader's configuration, changed. */
  readonly grub?: (config: string) => string;
  /** Files that are written into the root file system, by path. */
  readonly files?: Readonly<Record<string, string>>;
  /** Whether the boot sector is emptied; the firmware looks for the mark at its end. */
  readonly hasNoBootSector?: boolean;
}

/** Writes a raw copy of the embedded base that is broken on purpose; its file system is changed without booting it. */
export async function alteredBase(
  path: string,
  { grub, files = {}, hasNoBootSector }: Alteration,
): Promise<void> {
  await using scope = new Scope();
  const folder = await temporaryFolder(scope);
  const base = await sharedBase();
  await run(['qemu-img', 'convert', '-O', 'raw', base.path, path]);
  const root = `${path}?offset=${await rootOffsetBytes(path)}`;
  const changed = {
    ...files,
    ...(grub === undefined ? {} : { [GRUB_CONFIG]: grub(await readConfig(root)) }),
  };
  for (const [target, content] of Object.entries(changed)) {
    const source = join(folder, 'content');
    await writeFile(source, content);
    await run(['debugfs', '-w', '-R', `mkdir ${dirname(target)}`, root]);
    await run(['debugfs', '-w', '-R', `rm ${target}`, root]);
    await run(['debugfs', '-w', '-R', `write ${source} ${target}`, root]);
  }
  if (hasNoBootSector === true) await eraseBootSector(path);
}

async function readConfig(root: string): Promise<string> {
  return (await run(['debugfs', '-R', `cat ${GRUB_CONFIG}`, root])).stdout;
}

async function rootOffsetBytes(disk: string): Promise<number> {
  const { stdout } = await run(['sgdisk', '--print', disk]);
  const first = /^ +1 +(\d+) /m.exec(stdout)?.[1];
  return Number(first) * SECTOR_BYTES;
}

async function eraseBootSector(path: string): Promise<void> {
  const disk = await open(path, 'r+');
  await disk.write(Buffer.alloc(SECTOR_BYTES), 0, SECTOR_BYTES, 0);
  await disk.close();
}

import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { exists, hashFile } from '../../../src/system/files.ts';
import { run } from '../../../src/system/process.ts';
import { PROJECT_FOLDER } from './program.ts';
import { SHARED_BASE_CACHE } from './shared-base.ts';

const SCRIPT = join(PROJECT_FOLDER, 'test/fixtures/tiny-base/make-base.sh');

/** A base that boots to SSH in seconds by emulation (test/fixtures/tiny-base/README.md). */
export interface TinyBase {
  /** Holds `vmlinuz` and `initrd`. */
  readonly folder: string;
  readonly disk: string;
}

/** The tiny base, made once for all tests (and kept between runs on a developer's machine). */
export async function tinyBase(): Promise<TinyBase> {
  const name = `tiny-base-${(await hashFile(SCRIPT)).slice(0, 16)}`;
  const folder = join(SHARED_BASE_CACHE, name);
  if (!(await exists(folder))) {
    await mkdir(SHARED_BASE_CACHE, { recursive: true });
    for (const old of await readdir(SHARED_BASE_CACHE))
      if (old.startsWith('tiny-base-')) await rm(join(SHARED_BASE_CACHE, old), { recursive: true });
    const making = `${folder}.making`;
    await mkdir(making);
    await run([SCRIPT, making], { timeoutMs: 300_000 });
    await rename(making, folder);
  }
  return { folder, disk: join(folder, 'disk.qcow2') };
}

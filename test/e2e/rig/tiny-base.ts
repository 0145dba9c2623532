import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFile } from '../../../src/system/files.ts';
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

/** `$0` is the script that makes it, `$1` the folder to make; those of older scripts go. */
const MAKE_ONCE = `
[ ! -d "$1" ] || exit 0
rm -rf "\${1%-*}"-*
mkdir "$1.making"
"$0" "$1.making"
mv "$1.making" "$1"
`;

/** The tiny base, made once for all tests (and kept between runs on a developer's machine). */
export async function tinyBase(): Promise<TinyBase> {
  const folder = join(SHARED_BASE_CACHE, `tiny-base-${(await hashFile(SCRIPT)).slice(0, 16)}`);
  await mkdir(SHARED_BASE_CACHE, { recursive: true });
  // Test files that run side by side want it at the same time.
  const alone = ['flock', join(SHARED_BASE_CACHE, 'tiny-base.lock')];
  await run([...alone, 'sh', '-eu', '-c', MAKE_ONCE, SCRIPT, folder], { timeoutMs: 300_000 });
  return { folder, disk: join(folder, 'disk.qcow2') };
}

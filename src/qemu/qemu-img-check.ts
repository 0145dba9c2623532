import { z } from 'zod';
import { ProcessError, run } from '../system/process.ts';
import { type DiskFile, diskArguments } from './disk-file.ts';

const Check = z.object({
  corruptions: z.number().default(0),
  'check-errors': z.number().default(0),
  'image-end-offset': z.number().optional(),
});

/** What `qemu-img check` found. */
export interface CheckResult {
  /** Places where the image contradicts itself. Leaked clusters, which harm nothing, do not count. */
  readonly errors: number;
  /** Where its last data end inside the file; only qcow2 tells. */
  readonly endOffsetBytes: number | undefined;
  readonly tail: readonly string[];
}

/** Exit codes that come with a result: 2 corrupted, 3 leaked clusters (qemu-img(1)). */
const CORRUPTED = 2;
const LEAKED = 3;

/**
 * Checks an image's own structure; the format must be one that has checks (qcow2, vdi, vhdx, vmdk), and only the file
 * itself is checked, not what is behind it. Structures that the check cannot even read count as one error.
 * Fails with `ProcessError` when the image cannot be opened, also because a running machine writes to it.
 */
export async function checkImage(disk: DiskFile, signal?: AbortSignal): Promise<CheckResult> {
  const { flags, name } = diskArguments(disk);
  const argv = ['qemu-img', 'check', '--output=json', ...flags, name];
  try {
    const { stdout, tail } = await run(argv, {
      acceptExitCodes: [CORRUPTED, LEAKED],
      ...(signal === undefined ? {} : { signal }),
    });
    const check = Check.parse(JSON.parse(stdout));
    return {
      errors: check.corruptions + check['check-errors'],
      endOffsetBytes: check['image-end-offset'],
      tail,
    };
  } catch (thrown) {
    // vmdk's answer to a broken image is a failure of the check.
    const gaveUp =
      thrown instanceof ProcessError && thrown.tail.some((line) => line.includes('Check failed'));
    if (!gaveUp) throw thrown;
    return { errors: 1, endOffsetBytes: undefined, tail: thrown.tail };
  }
}

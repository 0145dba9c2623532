import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { fileSizeBytes } from '../system/files.ts';
import { MANIFEST_FILE } from './manifest.ts';
import { isProven, PROOF_FOLDER, readProofRecord } from './proof-record.ts';
import { STAMP_PATTERN } from './stamp.ts';

const Known = z.object({
  inputs: z.string(),
  artifacts: z.array(z.object({ file: z.string(), bytes: z.number() })).min(1),
  signature: z.object({ key: z.string() }).optional(),
});

/** What an output must have besides its images. */
export interface WantedOutput {
  /** The key that it must be signed by. */
  readonly signedBy?: string | undefined;
  /** Whether its images must have been booted. */
  readonly isProven?: boolean;
}

/**
 * The newest finished output that was made of exactly these inputs and has all its images still, or undefined. Their sizes
 * are looked at, not their content: it takes no time.
 */
export async function currentOutput(
  imagePath: string,
  inputs: string | undefined,
  wanted: WantedOutput = {},
): Promise<string | undefined> {
  if (inputs === undefined) return undefined;
  const names = await readdir(imagePath).catch(() => []);
  const stamps = names
    .filter((name) => STAMP_PATTERN.test(name))
    .sort()
    .reverse();
  for (const stamp of stamps) {
    const folder = join(imagePath, stamp);
    if (await isCurrent(folder, inputs, wanted)) return folder;
  }
  return undefined;
}

async function isCurrent(
  folder: string,
  inputs: string,
  { signedBy, isProven: mustBeProven }: WantedOutput,
): Promise<boolean> {
  try {
    const manifest = Known.parse(JSON.parse(await readFile(join(folder, MANIFEST_FILE), 'utf8')));
    if (manifest.inputs !== inputs) return false;
    if (signedBy !== undefined && manifest.signature?.key !== signedBy) return false;
    if (mustBeProven === true && !(await wasProven(folder))) return false;
    const sizes = await Promise.all(manifest.artifacts.map(({ file }) => fileSizeBytes(join(folder, file))));
    return manifest.artifacts.every(({ bytes }, index) => sizes[index] === bytes);
  } catch {
    // Without a manifest of this kind it is some other output.
    return false;
  }
}

async function wasProven(folder: string): Promise<boolean> {
  const record = await readProofRecord(join(folder, PROOF_FOLDER));
  return record !== undefined && isProven(record);
}

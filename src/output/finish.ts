import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { asError, BuilderError } from '../errors.ts';
import type { Artifact } from '../events.ts';
import { fileSizeBytes, syncFile, writeFileWhole } from '../system/files.ts';
import { checksumLines, type Manifest } from './manifest.ts';
import { freeStamp, linkLatest } from './stamp.ts';

export interface FinishInput {
  readonly imagePath: string;
  /** The folder that Packer wrote: `IMAGE_PATH/packer`. */
  readonly workFolder: string;
  readonly artifacts: readonly Artifact[];
  /** The formats that must be among them. */
  readonly formats: readonly string[];
  readonly manifest: Omit<Manifest, 'version' | 'artifacts'>;
  readonly date: Date;
  /** Writes the log to this path, as the last of the files. */
  readonly writeLog: (path: string) => Promise<void>;
  /** Is told what went wrong after the output was finished. */
  readonly warn: (text: string) => void;
}

/**
 * Completes the work folder and gives it its stamped name, in one rename at the very end: a stamped folder is always
 * whole. Fails with `incomplete-output` when a file is missing, empty, or of another size than was verified.
 * Returns the folder's path.
 */
export async function finishOutput(input: FinishInput): Promise<string> {
  const { imagePath, workFolder, artifacts } = input;
  requireFormats(input);
  for (const artifact of artifacts) await requireWhole(workFolder, artifact);
  await removeLeftovers(workFolder, artifacts);
  const stamp = await freeStamp(imagePath, input.date);
  const manifest: Manifest = { ...input.manifest, version: stamp, artifacts };
  await writeFileWhole(join(workFolder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  await writeFileWhole(join(workFolder, 'SHA256SUMS'), checksumLines(artifacts));
  await input.writeLog(join(workFolder, 'build.log'));
  await syncFile(join(workFolder, 'build.log'));
  const folder = join(imagePath, stamp);
  await rename(workFolder, folder);
  // The output is whole without it; a shared folder of another system may have no links.
  await linkLatest(imagePath, stamp).catch((thrown: unknown) => {
    input.warn(`cannot make the link ${join(imagePath, 'latest')}: ${asError(thrown).message}`);
  });
  return folder;
}

function requireFormats({ formats, artifacts, workFolder }: FinishInput): void {
  const missing = formats.filter((format) => !artifacts.some((artifact) => artifact.format === format));
  if (missing.length === 0) return;
  throw new BuilderError(
    'incomplete-output',
    `the conversion made no ${missing.join(', ')} in ${workFolder}`,
    {
      hint: 'look at ansible/convert-images.yml and the post-processor in packer-config.json',
    },
  );
}

async function requireWhole(folder: string, { file, bytes }: Artifact): Promise<void> {
  const sizeBytes = await fileSizeBytes(join(folder, file));
  if (sizeBytes === bytes && bytes > 0) return;
  const found = sizeBytes === undefined ? 'is missing' : `has ${sizeBytes} bytes instead of ${bytes}`;
  throw new BuilderError('incomplete-output', `${join(folder, file)} ${found}`, {
    hint: 'something changed the folder during the build; build again',
  });
}

/** The work folder is this build's own; a file in it that is no artifact is a left-over of Packer's. */
async function removeLeftovers(folder: string, artifacts: readonly Artifact[]): Promise<void> {
  const wanted = new Set(artifacts.map(({ file }) => file));
  for (const name of await readdir(folder)) {
    if (!wanted.has(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { asError, BuilderError } from '../errors.ts';
import type { Artifact } from '../events.ts';
import { fileSizeBytes, syncFile, writeFileWhole } from '../system/files.ts';
import { checksumLines, type Manifest, manifestText } from './manifest.ts';
import { parseManifest } from './read-manifest.ts';
import { freeStamp, linkLatest } from './stamp.ts';

/** The page for people, beside the images. */
export const REPORT_FILE = 'report.html';

export interface FinishInput {
  readonly imagePath: string;
  /** The folder that Packer wrote: `IMAGE_PATH/packer`. */
  readonly workFolder: string;
  readonly artifacts: readonly Artifact[];
  /** The formats that must be among them. */
  readonly formats: readonly string[];
  readonly manifest: Omit<Manifest, 'version' | 'artifacts'>;
  readonly date: Date;
  /** Makes the page for people out of the manifest. */
  readonly renderReport: (manifest: Manifest) => string;
  /** Writes the log to this path, as the last of the files. */
  readonly writeLog: (path: string) => Promise<void>;
  /** Is told of what is missing, though the images are not. */
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
  const manifest = manifestText({ ...input.manifest, version: stamp, artifacts });
  await writeFileWhole(join(workFolder, 'manifest.json'), manifest);
  await writeFileWhole(join(workFolder, 'SHA256SUMS'), checksumLines(artifacts));
  await writeReport(input, manifest);
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

/** The images are whole without their report: one that cannot be made must not lose them. */
async function writeReport({ workFolder, renderReport, warn }: FinishInput, manifest: string): Promise<void> {
  try {
    // From what stands in the file, as the command `report` makes it again.
    await writeFileWhole(
      join(workFolder, REPORT_FILE),
      renderReport(parseManifest(manifest, 'manifest.json')),
    );
  } catch (thrown) {
    warn(`cannot write ${REPORT_FILE}: ${asError(thrown).message}`);
  }
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

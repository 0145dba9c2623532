import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { asError, BuilderError } from '../errors.ts';
import type { Artifact } from '../events.ts';
import { fileSizeBytes, hashFile, syncFile } from '../system/files.ts';
import type { OutputDocument, OutputDraft, OutputFile } from './document.ts';
import { PROOF_FOLDER } from './proof-record.ts';
import { freeStamp, linkLatest } from './stamp.ts';

export interface FinishInput {
  readonly imagePath: string;
  /** The folder that Packer wrote: `IMAGE_PATH/packer`. */
  readonly workFolder: string;
  readonly artifacts: readonly Artifact[];
  /** The formats that must be among them. */
  readonly formats: readonly string[];
  /** What the output has besides its images, in the order of writing: each finds the ones before it. */
  readonly documents: readonly OutputDocument[];
  readonly date: Date;
  /** Is told of what is missing, though the output is whole without it. */
  readonly warn: (text: string) => void;
}

/**
 * Completes the work folder and gives it its stamped name, in one rename at the very end: a stamped folder is always
 * whole. Fails with `incomplete-output` when an image is missing, empty, or of another size than was verified, and as
 * the writer of a document does. Returns the folder's path.
 */
export async function finishOutput(input: FinishInput): Promise<string> {
  const { imagePath, workFolder, artifacts, warn } = input;
  requireFormats(input);
  for (const artifact of artifacts) await requireWhole(workFolder, artifact);
  await removeLeftovers(workFolder, artifacts);
  const stamp = await freeStamp(imagePath, input.date);
  const files: OutputFile[] = artifacts.map(({ file, sha256 }) => ({ file, kind: 'image', sha256 }));
  for (const document of input.documents) {
    const written = await writeDocument(document, { folder: workFolder, stamp, files: [...files] }, warn);
    if (written !== undefined) files.push(written);
  }
  const folder = join(imagePath, stamp);
  await rename(workFolder, folder);
  // The output is whole without it; a shared folder of another system may have no links.
  await linkLatest(imagePath, stamp).catch((thrown: unknown) => {
    warn(`cannot make the link ${join(imagePath, 'latest')}: ${asError(thrown).message}`);
  });
  return folder;
}

async function writeDocument(
  { file, kind, isOptional, write }: OutputDocument,
  draft: OutputDraft,
  warn: FinishInput['warn'],
): Promise<OutputFile | undefined> {
  const path = join(draft.folder, file);
  try {
    await mkdir(dirname(path), { recursive: true });
    await write(path, draft);
    await syncFile(path);
    return { file, kind, sha256: await hashFile(path) };
  } catch (thrown) {
    if (isOptional !== true) throw thrown;
    warn(`cannot write ${file}: ${asError(thrown).message}`);
    return undefined;
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
  throw new BuilderError('incomplete-output', `${join(folder, file)} ${flawOf(sizeBytes, bytes)}`, {
    hint: 'something changed the folder during the build; build again',
  });
}

function flawOf(sizeBytes: number | undefined, wantedBytes: number): string {
  if (sizeBytes === undefined) return 'is missing';
  return sizeBytes === 0 ? 'is empty' : `has ${sizeBytes} bytes instead of ${wantedBytes}`;
}

/** The work folder is this build's own; what is neither an artifact nor evidence is a left-over of Packer's. */
async function removeLeftovers(folder: string, artifacts: readonly Artifact[]): Promise<void> {
  const wanted = new Set([PROOF_FOLDER, ...artifacts.map(({ file }) => file)]);
  for (const name of await readdir(folder)) {
    if (!wanted.has(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

import { stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { BuilderError } from '../errors.ts';
import type { Artifact } from '../events.ts';
import type { Manifest } from '../output/manifest.ts';
import { readManifest } from '../output/read-manifest.ts';
import { hashFile } from '../system/files.ts';
import type { PublishSource } from './publish-ami.ts';
import { requireAmiName } from './publish-request.ts';

/** Formats that an AMI can be made of: those that qemu-img reads, those first that are read fastest. */
export const PUBLISHABLE_FORMATS = ['raw', 'qcow2', 'vhdx', 'vdi', 'vmdk', 'vhd'];

export interface FoundSource extends PublishSource {
  /** The finished output that it is of; undefined for a single file. */
  readonly outputFolder: string | undefined;
}

export interface FindOptions {
  /** The name of the AMI, if one was given. */
  readonly name: string | undefined;
  /** The program and its version. */
  readonly builder: string;
  readonly onHashed: (doneBytes: number, totalBytes: number) => void;
  readonly signal: AbortSignal;
}

/**
 * What is to be published: a finished output, of which one image is taken and held against its checksum, or a file. An
 * output's AMI is called as its images and its stamp. Fails with `manifest-missing`, `input-unreadable` or `checksum-mismatch`.
 */
export async function findSource(given: string, options: FindOptions): Promise<FoundSource> {
  const place = resolve(given);
  const isFolder = await stat(place).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
  const description = `made by ${options.builder}`;
  if (!isFolder) {
    const name = requireAmiName(options.name ?? basename(place, extname(place)));
    return { path: place, name, description, outputFolder: undefined };
  }
  const manifest = await readManifest(place);
  const artifact = chooseArtifact(manifest, place);
  const path = join(place, artifact.file);
  const name = requireAmiName(options.name ?? `${manifest.name}-${manifest.version}`);
  await requireSum(path, artifact, options);
  return {
    path,
    name,
    description: `${manifest.name} ${manifest.version}, ${description}`,
    outputFolder: place,
  };
}

function chooseArtifact({ artifacts }: Manifest, folder: string): Artifact {
  for (const format of PUBLISHABLE_FORMATS) {
    const found = artifacts.find((artifact) => artifact.format === format);
    if (found !== undefined) return found;
  }
  const formats = artifacts.map(({ format }) => format).join(', ');
  throw new BuilderError(
    'input-unreadable',
    `no image in ${folder} can be published; it has ${formats || 'none'}`,
    {
      hint: `build with one of these formats: ${PUBLISHABLE_FORMATS.join(', ')}`,
    },
  );
}

async function requireSum(path: string, { sha256, bytes }: Artifact, options: FindOptions): Promise<void> {
  const { onHashed, signal } = options;
  const found = await hashFile(path, 'sha256', {
    signal,
    onBytes: (doneBytes) => onHashed(doneBytes, bytes),
  });
  if (found === sha256) return;
  throw new BuilderError(
    'checksum-mismatch',
    `${path} is not what was built: its SHA-256 is ${found}, not ${sha256}`,
    {
      hint: 'build again, or publish the file itself if the change was on purpose',
    },
  );
}

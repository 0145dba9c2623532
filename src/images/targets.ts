import { basename, join } from 'node:path';
import { BuilderError, BuilderErrors } from '../errors.ts';
import type { DiskFormat } from './formats.ts';
import type { SourceDisk } from './source-disk.ts';

/**
 * One file that is asked for.
 * `make`: a new file. `keep`: it is the source itself, whole already. `replace-source`: the source is a qcow2 with
 * others behind it, and becomes one that stands alone, last of all, because the others are read from it.
 */
export interface Target {
  readonly format: DiskFormat;
  readonly path: string;
  readonly how: 'make' | 'keep' | 'replace-source';
}

export interface TargetRequest {
  readonly formats: readonly DiskFormat[];
  /** Absolute, without links. */
  readonly outputFolder: string;
  readonly name: string;
  /** Names of what is in the output folder already. */
  readonly existing: ReadonlySet<string>;
  readonly force: boolean;
}

const EXTENSION = /\.(?:qcow2|raw|img|vdi|vhd|vmdk|vhdx)$/i;

/** The name that converted files get from their source: without folder and extension. */
export function nameOfSource(path: string): string {
  return basename(path).replace(EXTENSION, '') || basename(path);
}

/**
 * Decides where each format goes. Fails with `settings-invalid`, telling every problem at once, when a file would
 * be overwritten that the user did not say may be, or that the disk is read from.
 */
export function planTargets(source: SourceDisk, request: TargetRequest): readonly Target[] {
  if (request.name === '' || request.name !== basename(request.name) || request.name.startsWith('.')) {
    throw new BuilderError('settings-invalid', `name ${JSON.stringify(request.name)} is no file name`, {
      hint: 'give a name without folder and extension',
    });
  }
  const targets = request.formats.map((format) => planTarget(source, request, format));
  const problems = targets.flatMap((target) => problemOf(source, request, target));
  const [problem, ...others] = problems;
  if (problem !== undefined) throw others.length === 0 ? problem : new BuilderErrors(problems);
  return targets;
}

function planTarget(source: SourceDisk, request: TargetRequest, format: DiskFormat): Target {
  const path = join(request.outputFolder, `${request.name}.${format.extension}`);
  if (path !== source.path || format.name !== 'qcow2' || source.driver !== 'qcow2') {
    return { format, path, how: 'make' };
  }
  return { format, path, how: source.standsAlone ? 'keep' : 'replace-source' };
}

function problemOf(source: SourceDisk, request: TargetRequest, { path, how }: Target): BuilderError[] {
  const refuse = (message: string, hint: string): BuilderError[] => [
    new BuilderError('settings-invalid', message, { hint }),
  ];
  if (how !== 'make') return [];
  if (path === source.path || source.files.includes(path)) {
    return refuse(
      `${path} would be overwritten, but the disk is read from it`,
      'choose another name or another output folder',
    );
  }
  if (request.existing.has(basename(path)) && !request.force) {
    return refuse(`${path} exists already`, 'say --force to replace it, or choose another name or folder');
  }
  return [];
}

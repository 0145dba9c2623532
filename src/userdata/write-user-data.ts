import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BuilderError } from '../errors.ts';
import { syncFile, temporaryFolder, writeFileWhole } from '../system/files.ts';
import { ProcessError, run } from '../system/process.ts';
import { Scope } from '../system/scope.ts';
import type { CloudConfigData, UserData } from './user-data.ts';

/** Every date on the drive. It stands still, so that the same files are the same bytes. */
const DRIVE_DATE = '2020010100000000';

/**
 * Writes the file that QEMU is given: the drive (ISO 9660), or the Ignition config. It is whole or not there. Fails
 * with `tool-missing` without xorriso, with `ProcessError` when it cannot write.
 */
export async function writeUserData(data: UserData, target: string, signal?: AbortSignal): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  if (data.kind === 'ignition') await writeFileWhole(target, data.text);
  else await writeDrive(data, target, signal);
}

async function writeDrive(
  data: CloudConfigData,
  target: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await using scope = new Scope();
  const work = await temporaryFolder(scope, dirname(target));
  const content = join(work, 'content');
  for (const { path, content: text } of data.driveFiles) {
    await mkdir(dirname(join(content, path)), { recursive: true });
    await writeFile(join(content, path), text);
  }
  const drive = join(work, 'drive.iso');
  await runXorriso(xorrisoArgs(data.driveLabel, content, drive), signal);
  await syncFile(drive);
  await rename(drive, target);
}

/** Arguments that make an ISO 9660 file system of a folder, whose bytes follow from names and contents alone. */
export function xorrisoArgs(label: string, folder: string, target: string): string[] {
  return [
    '-no_rc',
    ...['-as', 'mkisofs', '-quiet'],
    ...['-o', target],
    ...['-V', label],
    // Rock Ridge: long names in lower case, all owned by root and readable.
    '-rational-rock',
    '-no-pad',
    // Otherwise xorriso's version.
    ...['-p', 'netsil-builder'],
    // It is the file system's UUID too.
    `--modification-date=${DRIVE_DATE}`,
    ...['--set_all_file_dates', DRIVE_DATE],
    folder,
  ];
}

async function runXorriso(args: readonly string[], signal: AbortSignal | undefined): Promise<void> {
  try {
    await run(['xorriso', ...args], signal === undefined ? {} : { signal });
  } catch (thrown) {
    if (!(thrown instanceof ProcessError) || thrown.failure !== 'not-found') throw thrown;
    throw new BuilderError('tool-missing', thrown.message, {
      hint: 'install it: apt-get install xorriso',
      cause: thrown,
    });
  }
}

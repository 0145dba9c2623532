import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { baseCacheFolder } from '../base/prepare-base.ts';
import { BuilderError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { moveAside, STAMP_PATTERN, stampName } from '../output/stamp.ts';
import { exists, plainTemporaryParent, temporaryFolder } from '../system/files.ts';
import { killLeftovers } from '../system/leftovers.ts';
import { takeLock } from '../system/lock.ts';
import type { Scope } from '../system/scope.ts';

/** The folders and files of one build. */
export interface Workspace {
  /** What Packer writes, renamed when it is whole. */
  readonly workFolder: string;
  /** Decompressed and downloaded base images, and the embedded one; kept between builds. */
  readonly cacheFolder: string;
  readonly logFolder: string;
  readonly logFile: string;
  readonly serialLog: string;
  /** Private and short-lived: sockets, Packer's variables. */
  readonly runFolder: string;
  readonly runId: string;
}

const KEPT_LOG_FOLDERS = 10;

/**
 * Takes IMAGE_PATH for one build: nobody else builds there until the scope ends. Clears away what a crashed build left:
 * its processes are killed, its half-made folder is moved aside and told. Fails with `image-path-busy` when another
 * build is at work.
 */
export async function openWorkspace(scope: Scope, imagePath: string, emit: Emit): Promise<Workspace> {
  const start = new Date();
  const runId = `${stampName(start)}-${process.pid}`;
  await lockImagePath(scope, imagePath, runId);
  const workFolder = join(imagePath, 'packer');
  if (await exists(workFolder)) {
    const aside = await moveAside(workFolder, 'stale', start);
    emit({
      type: 'notice',
      level: 'warning',
      text: `an earlier build was cut off; its files are now in ${aside}`,
    });
  }
  const logFolder = join(imagePath, '.logs', runId);
  await mkdir(logFolder, { recursive: true });
  await dropOldLogs(join(imagePath, '.logs'), runId);
  const runFolder = await temporaryFolder(scope, plainTemporaryParent());
  // Registered last, so that it runs first: no process outlives the files it uses.
  scope.defer(async () => {
    await killLeftovers(runId);
  });
  return {
    workFolder,
    cacheFolder: baseCacheFolder(imagePath),
    logFolder,
    logFile: join(logFolder, 'build.log'),
    serialLog: join(logFolder, 'serial.log'),
    runFolder,
    runId,
  };
}

async function lockImagePath(scope: Scope, imagePath: string, runId: string): Promise<void> {
  const lock = await takeLock(scope, join(imagePath, '.lock'), runId);
  if (lock.taken) {
    // A holder that let go without crashing has no processes left, so that this finds nothing.
    if (lock.previous !== undefined) await killLeftovers(lock.previous.runId);
    return;
  }
  const { holder } = lock;
  const who =
    holder === undefined
      ? 'another process'
      : `process ${holder.pid} on ${holder.host}, since ${holder.since}`;
  throw new BuilderError('image-path-busy', `another build is at work in ${imagePath}: ${who}`, {
    hint: 'wait until it has ended, or build into another IMAGE_PATH',
  });
}

/**
 * The logs are this program's own; the newest few are enough to look back. The current one stays even when the clock
 * was set back and it looks like the oldest.
 */
async function dropOldLogs(folder: string, current: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => STAMP_PATTERN.test(name.slice(0, 15)));
  const others = names.filter((name) => name !== current).sort();
  for (const name of others.slice(0, -(KEPT_LOG_FOLDERS - 1)))
    await rm(join(folder, name), { recursive: true, force: true });
}

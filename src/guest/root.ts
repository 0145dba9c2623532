import { type ByteSource, readUpTo } from './byte-source.ts';
import { ExtFileSystem } from './ext/ext-file-system.ts';
import { fileSystemKind, KIND_BYTES } from './file-system-kind.ts';
import { unknown } from './guest-errors.ts';
import { type Partition, readPartitions } from './partitions/read-partitions.ts';

/** The root file system of a disk, and where on the disk it begins. */
export interface Root {
  readonly fileSystem: ExtFileSystem;
  readonly startBytes: number;
}

interface Volume {
  readonly partition: Partition;
  readonly kind: string | undefined;
}

/**
 * Finds the root file system: the largest ext file system that has a folder `etc`, or the largest at all when none has.
 * The disk may have a partition table, or be one file system. Fails with `guest-unknown`, which names what is there
 * instead, with `guest-unclean` or with `guest-damaged`.
 */
export async function findRoot(disk: ByteSource): Promise<Root> {
  const volumes = await readVolumes(disk);
  const candidates = volumes
    .filter(({ kind }) => kind === 'ext')
    .map(({ partition }) => partition)
    .sort((one, other) => other.sizeBytes - one.sizeBytes);
  const [largest] = candidates;
  if (largest === undefined) throw unknown(disk.name, `no ext file system is on it, ${listed(volumes)}`);
  for (const candidate of candidates) {
    const fileSystem = await ExtFileSystem.open(candidate);
    if (await hasEtc(fileSystem)) return { fileSystem, startBytes: candidate.startBytes };
  }
  return { fileSystem: await ExtFileSystem.open(largest), startBytes: largest.startBytes };
}

/** The partitions, or the disk itself where it has none, and what each of them holds. */
async function readVolumes(disk: ByteSource): Promise<readonly Volume[]> {
  const whole = { ...disk, number: 0, startBytes: 0 };
  // Looked at first: boot code in front of a file system can pass for a partition table.
  const kind = await kindOf(whole);
  if (kind === 'ext') return [{ partition: whole, kind }];
  const partitions = await readPartitions(disk);
  if (partitions.length === 0) return [{ partition: whole, kind }];
  return Promise.all(partitions.map(async (partition) => ({ partition, kind: await kindOf(partition) })));
}

async function kindOf(source: ByteSource): Promise<string | undefined> {
  return fileSystemKind(await readUpTo(source, 0, KIND_BYTES));
}

async function hasEtc(fileSystem: ExtFileSystem): Promise<boolean> {
  for await (const { name } of fileSystem.entries(await fileSystem.root())) {
    if (name === 'etc') return true;
  }
  return false;
}

/** `but FAT (partition 15), xfs (partition 1)`. */
function listed(volumes: readonly Volume[]): string {
  const found = volumes.flatMap(({ partition: { number }, kind }) => {
    if (kind === undefined) return [];
    return [number === 0 ? kind : `${kind} (partition ${number})`];
  });
  return found.length === 0 ? 'nor anything else that is known' : `but ${found.join(', ')}`;
}

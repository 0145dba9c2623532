import type { Guest, GuestFile } from '../guest/guest.ts';
import { PartProgress } from '../images/part-progress.ts';
import { inOrder } from '../system/in-order.ts';
import { match } from './changes.ts';

/** So many files are read at once, of each image. */
const AT_ONCE = 8;

/** One name in an image, without what means something in that image alone. */
export type FileFacts = Omit<GuestFile, 'inode' | 'path'> & {
  /** Of a file that had to be read to be compared. */
  readonly sha256?: string;
};

export type Difference = 'type' | 'mode' | 'owner' | 'content' | 'target' | 'device';

export interface FileChange {
  readonly path: string;
  readonly differs: readonly Difference[];
  readonly before: FileFacts;
  readonly after: FileFacts;
}

export interface FileChanges {
  readonly added: readonly (FileFacts & { readonly path: string })[];
  readonly removed: readonly (FileFacts & { readonly path: string })[];
  readonly changed: readonly FileChange[];
}

/** A name that both images have, as it was and as it is. */
type KeptFile = readonly [was: GuestFile, is: GuestFile];

/**
 * Which names came, went or changed, folders and links among them. Files of another size differ; only those of one size
 * are read. Times are not compared: every build has its own. `onProgress` is told how much of what is read was read, 0 to 1.
 */
export async function compareFiles(
  before: Guest,
  after: Guest,
  onProgress: (fraction: number) => void,
): Promise<FileChanges> {
  const [old, now] = await Promise.all([allFiles(before), allFiles(after)]);
  const { added, removed, kept } = match(old, now, ({ path }) => path);
  const progress = new PartProgress({ read: 1 }, onProgress);
  const totalBytes = kept.filter(mustBeRead).reduce((sum, [{ sizeBytes }]) => sum + sizeBytes, 0);
  let doneBytes = 0;
  const changed: FileChange[] = [];
  const compare = async (file: KeptFile): Promise<FileChange> => {
    const [was, is] = file;
    if (!mustBeRead(file)) return changeOf(factsOf(was), factsOf(is), was.path);
    const [one, other] = await Promise.all([before.sha256(was), after.sha256(is)]);
    progress.set('read', (doneBytes += was.sizeBytes) / totalBytes);
    return changeOf(factsOf(was, one), factsOf(is, other), was.path);
  };
  for await (const change of inOrder(kept, AT_ONCE, compare)) {
    if (change.differs.length > 0) changed.push(change);
  }
  return { added: added.map(withPath), removed: removed.map(withPath), changed };
}

/** Whether nothing else can tell if two files are the same. */
function mustBeRead([was, is]: KeptFile): boolean {
  const areFiles = was.type === 'file' && is.type === 'file';
  return areFiles && was.sizeBytes === is.sizeBytes && was.sizeBytes > 0;
}

function changeOf(before: FileFacts, after: FileFacts, path: string): FileChange {
  return { path, differs: differences(before, after), before, after };
}

async function allFiles(guest: Guest): Promise<readonly GuestFile[]> {
  const files: GuestFile[] = [];
  for await (const file of guest.files()) files.push(file);
  return files;
}

function factsOf(file: GuestFile, sha256?: string): FileFacts {
  const { type, mode, uid, gid, sizeBytes, target, device } = file;
  return {
    ...{ type, mode, uid, gid, sizeBytes },
    ...(target === undefined ? {} : { target }),
    ...(device === undefined ? {} : { device }),
    ...(sha256 === undefined ? {} : { sha256 }),
  };
}

function withPath(file: GuestFile): FileFacts & { readonly path: string } {
  return { path: file.path, ...factsOf(file) };
}

/** What two names of one path differ in; of another type, all else is not to be compared. */
export function differences(before: FileFacts, after: FileFacts): readonly Difference[] {
  if (before.type !== after.type) return ['type'];
  const checks: readonly (readonly [Difference, boolean])[] = [
    // Of a link they mean nothing.
    ['mode', before.type !== 'link' && before.mode !== after.mode],
    ['owner', before.uid !== after.uid || before.gid !== after.gid],
    ['content', before.sizeBytes !== after.sizeBytes || before.sha256 !== after.sha256],
    ['target', before.target !== after.target],
    ['device', before.device !== after.device],
  ];
  return checks.flatMap(([what, differs]) => (differs ? [what] : []));
}

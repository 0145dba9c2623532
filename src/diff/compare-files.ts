import type { Guest, GuestFile } from '../guest/guest.ts';
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

/**
 * Which names came, went or changed, folders and links among them. Files of another size differ; only those of one size
 * are read. Times are not compared: every build has its own.
 */
export async function compareFiles(before: Guest, after: Guest): Promise<FileChanges> {
  const [old, now] = await Promise.all([allFiles(before), allFiles(after)]);
  const { added, removed, kept } = match(old, now, ({ path }) => path);
  const changed: FileChange[] = [];
  const compare = async ([was, is]: readonly [GuestFile, GuestFile]): Promise<FileChange> => {
    const digests = await digestsOf([before, was], [after, is]);
    const [one, other] = [factsOf(was, digests?.[0]), factsOf(is, digests?.[1])];
    return { path: was.path, differs: differences(one, other), before: one, after: other };
  };
  for await (const change of inOrder(kept, AT_ONCE, compare)) {
    if (change.differs.length > 0) changed.push(change);
  }
  return { added: added.map(withPath), removed: removed.map(withPath), changed };
}

async function allFiles(guest: Guest): Promise<readonly GuestFile[]> {
  const files: GuestFile[] = [];
  for await (const file of guest.files()) files.push(file);
  return files;
}

/** Digests of two files, when nothing else can tell whether they are the same. */
async function digestsOf(
  [before, was]: readonly [Guest, GuestFile],
  [after, is]: readonly [Guest, GuestFile],
): Promise<readonly [string, string] | undefined> {
  const areFiles = was.type === 'file' && is.type === 'file';
  if (!areFiles || was.sizeBytes !== is.sizeBytes || was.sizeBytes === 0) return undefined;
  return Promise.all([before.sha256(was), after.sha256(is)]);
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

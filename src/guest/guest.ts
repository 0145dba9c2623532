import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import type { ExtFileSystem, Usage } from './ext/ext-file-system.ts';
import { deviceNumbers, type FileType, type Inode } from './ext/inode.ts';
import { damaged } from './guest-errors.ts';

/** One name in an image. */
export interface GuestFile {
  /** Absolute: `/etc/passwd`. Bytes that are no UTF-8 are shown as `\xff`. */
  readonly path: string;
  readonly type: FileType;
  /** Permission bits, with set-uid, set-gid and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of a file; 0 of all else. */
  readonly sizeBytes: number;
  /** Where a link leads, as it stands there. */
  readonly target?: string;
  /** `8:1`, of a device. */
  readonly device?: string;
  /** Names with the same number are one file. */
  readonly inode: number;
}

/** As many links as Linux follows on the way to a file. */
const MOST_LINKS = 40;
/** Lists and settings are smaller; more would not be read into memory. */
const MOST_TEXT_BYTES = 64 * 1024 * 1024;

/**
 * What is inside of an image: the names in its root file system, and what stands in its files. Nothing is mounted,
 * run or copied. What is damaged fails with `guest-damaged`.
 */
export class Guest {
  /** For messages. */
  readonly name: string;
  /** Where on the disk the root file system begins. */
  readonly startBytes: number;
  readonly #fileSystem: ExtFileSystem;

  constructor(name: string, fileSystem: ExtFileSystem, startBytes: number) {
    this.name = name;
    this.#fileSystem = fileSystem;
    this.startBytes = startBytes;
  }

  /** How full the root file system is. */
  get usage(): Usage {
    return this.#fileSystem.usage;
  }

  /** All names, `/` first: each folder before what is in it, names in a folder in order. */
  async *files(): AsyncGenerator<GuestFile> {
    const folders = new Set<number>();
    const waiting = [{ path: '/', inode: await this.#fileSystem.root() }];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { path, inode } = next;
      yield await this.#describe(path, inode);
      if (inode.type !== 'folder') continue;
      if (folders.has(inode.number)) throw damaged(this.name, `the folder ${path} is there twice`);
      folders.add(inode.number);
      // One by one: a folder may hold more names than a call takes arguments.
      for (const child of (await this.#children(path, inode)).reverse()) waiting.push(child);
    }
  }

  /** The names in one folder, in order; links on the way to it are followed. Empty when there is no such folder. */
  async list(folder: string): Promise<readonly GuestFile[]> {
    const inode = await this.#find(folder);
    if (inode?.type !== 'folder') return [];
    const files: GuestFile[] = [];
    for (const child of await this.#children(folder, inode)) {
      files.push(await this.#describe(child.path, child.inode));
    }
    return files;
  }

  /** A file's text; links are followed. Undefined when there is no such file. */
  async readText(path: string): Promise<string | undefined> {
    const inode = await this.#find(path);
    if (inode?.type !== 'file') return undefined;
    if (inode.sizeBytes > MOST_TEXT_BYTES) throw damaged(this.name, `${path} has ${inode.sizeBytes} bytes`);
    const pieces: Buffer[] = [];
    for await (const piece of this.#fileSystem.content(inode)) pieces.push(Buffer.from(piece));
    return Buffer.concat(pieces).toString('utf8');
  }

  /** Whether something is at a path; links are followed. */
  async has(path: string): Promise<boolean> {
    return (await this.#find(path)) !== undefined;
  }

  /** A file's bytes, piece by piece: to look at, not to keep or change. */
  async *content(file: GuestFile): AsyncGenerator<Buffer> {
    yield* this.#fileSystem.content(await this.#fileSystem.inode(file.inode));
  }

  /** Hex digest of a file. */
  async sha256(file: GuestFile): Promise<string> {
    const hash = createHash('sha256');
    for await (const piece of this.content(file)) hash.update(piece);
    return hash.digest('hex');
  }

  async #describe(path: string, inode: Inode): Promise<GuestFile> {
    const { type, mode, uid, gid, sizeBytes, number } = inode;
    const isDevice = type === 'character-device' || type === 'block-device';
    return {
      ...{ path, type, mode, uid, gid, sizeBytes: type === 'file' ? sizeBytes : 0, inode: number },
      ...(type === 'link' ? { target: await this.#fileSystem.target(inode) } : {}),
      ...(isDevice ? { device: deviceNumbers(inode) } : {}),
    };
  }

  async #children(path: string, folder: Inode): Promise<{ path: string; inode: Inode }[]> {
    const entries = [];
    for await (const entry of this.#fileSystem.entries(folder)) entries.push(entry);
    entries.sort((one, other) => (one.name < other.name ? -1 : 1));
    const children = [];
    for (const { name, inode } of entries) {
      children.push({ path: posix.join(path, name), inode: await this.#fileSystem.inode(inode) });
    }
    return children;
  }

  /** Goes down a path as Linux does with `/` of the image as its root. Undefined when it leads nowhere. */
  async #find(path: string): Promise<Inode | undefined> {
    const way = [await this.#fileSystem.root()];
    const names = path.split('/').reverse();
    let links = 0;
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      const here = way.at(-1);
      if (here === undefined) return undefined;
      if (name === '' || name === '.') continue;
      if (name === '..') {
        if (way.length > 1) way.pop();
        continue;
      }
      const inode = await this.#child(here, name);
      if (inode === undefined) return undefined;
      if (inode.type !== 'link') {
        way.push(inode);
        continue;
      }
      links += 1;
      if (links > MOST_LINKS) return undefined;
      const target = await this.#fileSystem.target(inode);
      if (target.startsWith('/')) way.length = 1;
      names.push(...target.split('/').reverse());
    }
    return way.at(-1);
  }

  async #child(folder: Inode, wanted: string): Promise<Inode | undefined> {
    if (folder.type !== 'folder') return undefined;
    for await (const { name, inode } of this.#fileSystem.entries(folder)) {
      if (name === wanted) return this.#fileSystem.inode(inode);
    }
    return undefined;
  }
}

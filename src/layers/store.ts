import { randomBytes } from 'node:crypto';
import {
  chmod,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  utimes,
} from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { asError, BuilderError } from '../errors.ts';
import { createOverlay } from '../qemu/qemu-img.ts';
import { writeFileWhole } from '../system/files.ts';
import { ProcessError } from '../system/process.ts';
import { LayerRecord } from './layer.ts';

export const DISK_NAME = 'disk.qcow2';
export const MEMORY_NAME = 'memory.zst';
const RECORD_NAME = 'layer.json';
/** What `layer.json` is called when the layer was found to be damaged: it is set aside, and no longer used. */
const DAMAGED_NAME = 'damaged.json';
const SALT_NAME = 'salt';
const FOLDER_PATTERN = /^[0-9a-f]{16}-\w{6}$/;

/** A whole layer in the store. */
export interface StoredLayer {
  readonly folder: string;
  readonly record: LayerRecord;
  readonly lastUsed: Date;
  /** Bytes that its own files take on the disk. */
  readonly sizeBytes: number;
  /** What was found to be wrong with it; it is no longer used then. */
  readonly damage: string | undefined;
}

/**
 * The folder of the layers. Each has a folder of its own, at its final place from the start; `layer.json` in it, written
 * last, says that it is whole. What has none was cut off, or is being built.
 */
export class LayerStore {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Makes the folder, for its owner alone. Fails with `layers-unusable`. */
  async open(): Promise<void> {
    try {
      await mkdir(this.path, { recursive: true, mode: 0o700 });
      await chmod(this.path, 0o700);
    } catch (cause) {
      throw unusable(this.path, cause);
    }
  }

  /** What keys the digests of secrets: random, made once, for the owner alone. */
  async salt(): Promise<string> {
    const path = join(this.path, SALT_NAME);
    const known = await this.knownSalt();
    if (known !== '') return known;
    const salt = randomBytes(32).toString('hex');
    await writeFileWhole(path, salt, 0o600).catch((cause: unknown) => {
      throw unusable(this.path, cause);
    });
    return salt;
  }

  /** The same if it was made already; otherwise empty. */
  async knownSalt(): Promise<string> {
    return readFile(join(this.path, SALT_NAME), 'utf8').catch(() => '');
  }

  /**
   * Gives a base image a name inside the store, and returns it as a layer's folder sees it: disks hold the path of what
   * they stand on, and the store may be found under another path by the next build (a container's volume).
   */
  async linkBase(basePath: string, digest: string): Promise<string> {
    const name = `base-${digest.slice(0, 16)}`;
    const link = join(this.path, name);
    const target = await realpath(basePath);
    const isRight = await realpath(link).then(
      (found) => found === target,
      () => false,
    );
    if (isRight) return join('..', name);
    const store = await realpath(this.path);
    const partial = `${link}.${randomBytes(4).toString('hex')}`;
    // Relative where both lie in one IMAGE_PATH, which may be mounted anywhere.
    const isNear = dirname(store) === dirname(dirname(target));
    await symlink(isNear ? relative(store, target) : target, partial);
    await rename(partial, link);
    return join('..', name);
  }

  /** Every layer that is whole, or was set aside, the one used last first. Empty when there is no store. */
  async list(): Promise<StoredLayer[]> {
    const names = await readdir(this.path).catch(() => []);
    const layers = await Promise.all(
      names.filter((name) => FOLDER_PATTERN.test(name)).map((name) => this.#read(name)),
    );
    return layers
      .filter((layer) => layer !== undefined)
      .sort((a, b) => b.lastUsed.getTime() - a.lastUsed.getTime());
  }

  /** Makes the folder of a layer that is about to be built, and returns its name. Fails with `layers-unusable`. */
  async create(key: string): Promise<string> {
    try {
      return basename(await mkdtemp(join(this.path, `${key.slice(0, 16)}-`)));
    } catch (cause) {
      throw unusable(this.path, cause);
    }
  }

  /** Makes the empty disk of a layer on `backing`, as seen from its folder. Fails with `layers-unusable`. */
  async createDisk(
    folder: string,
    backing: { readonly path: string; readonly format: string },
    sizeBytes: number,
  ): Promise<void> {
    try {
      await createOverlay(join(this.path, folder, DISK_NAME), backing, sizeBytes);
    } catch (cause) {
      throw unusable(this.path, cause);
    }
  }

  /** Says that a layer is whole: its files are on the disk for good before its record is. */
  async seal(folder: string, record: LayerRecord): Promise<void> {
    const path = join(this.path, folder);
    for (const name of [DISK_NAME, MEMORY_NAME]) {
      const file = await open(join(path, name), 'r');
      await file.sync().finally(() => file.close());
    }
    await writeFileWhole(join(path, RECORD_NAME), `${JSON.stringify(record)}\n`, 0o600);
  }

  /** Notes that a layer, and with it every layer below, was used now. */
  async touch({ record }: StoredLayer): Promise<void> {
    const now = new Date();
    for (const { folder } of record.disks) {
      await utimes(join(this.path, folder, RECORD_NAME), now, now).catch(() => undefined);
    }
  }

  /** Sets a layer aside: it stays for a look, and is never used again. */
  async setAside({ folder, record }: StoredLayer, damage: string): Promise<void> {
    const path = join(this.path, folder);
    await writeFileWhole(join(path, DAMAGED_NAME), `${JSON.stringify({ ...record, damage })}\n`, 0o600);
    await rm(join(path, RECORD_NAME), { force: true });
  }

  async #read(name: string): Promise<StoredLayer | undefined> {
    const folder = join(this.path, name);
    for (const file of [RECORD_NAME, DAMAGED_NAME]) {
      const path = join(folder, file);
      const text = await readFile(path, 'utf8').catch(() => undefined);
      const parsed = text === undefined ? undefined : parseRecord(text);
      if (parsed === undefined) continue;
      const { mtime } = await stat(path);
      const damage = file === DAMAGED_NAME ? parsed.damage : undefined;
      return {
        folder: name,
        record: parsed.record,
        lastUsed: mtime,
        sizeBytes: await allocated(folder),
        damage,
      };
    }
    return undefined;
  }

  /** Removes the folders of layers. */
  async remove(folders: readonly string[]): Promise<void> {
    for (const name of folders) {
      if (!FOLDER_PATTERN.test(name)) continue;
      // Without its record it is no layer any more, even when the removal is cut off.
      await rm(join(this.path, name, RECORD_NAME), { force: true });
      await rm(join(this.path, name), { recursive: true, force: true });
    }
  }

  /** Folders of layers that were cut off and that no whole layer stands on. Only for whoever has the store alone. */
  async abandoned(): Promise<string[]> {
    const layers = await this.list();
    const needed = new Set(
      layers.flatMap(({ folder, record }) => [folder, ...record.disks.map((disk) => disk.folder)]),
    );
    const names = await readdir(this.path).catch(() => []);
    return names.filter((name) => FOLDER_PATTERN.test(name) && !needed.has(name));
  }
}

function parseRecord(text: string): { record: LayerRecord; damage: string } | undefined {
  try {
    const value = JSON.parse(text) as { readonly damage?: unknown };
    return {
      record: LayerRecord.parse(value),
      damage: typeof value.damage === 'string' ? value.damage : 'damaged',
    };
  } catch {
    // Of another version of this program, or not its own.
    return undefined;
  }
}

async function allocated(folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(folder)) {
    const { blocks } = await stat(join(folder, name)).catch(() => ({ blocks: 0 }));
    bytes += blocks * 512;
  }
  return bytes;
}

function unusable(path: string, cause: unknown): BuilderError {
  // Of a program, its own last words say more than how it ended.
  const why = (cause instanceof ProcessError ? cause.tail.at(-1) : undefined) ?? asError(cause).message;
  return new BuilderError('layers-unusable', `the layers' folder ${path} cannot be used: ${why}`, {
    hint: 'make it writable, set LAYERS_PATH to another folder, or build with --no-layers',
    cause,
  });
}

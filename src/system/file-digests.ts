import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { hashFile, writeFileWhole } from './files.ts';

const Known = z.record(z.string(), z.object({ stamp: z.string(), sha256: z.string() }));

/** Smaller files are read faster than they are looked up. */
const SMALLEST_REMEMBERED_BYTES = 4 * 1024 ** 2;
/** A file that was just written may change again without a new time stamp. */
const SETTLED_AFTER_MS = 2000;

/**
 * SHA-256 digests of files. Those of large ones are remembered in a file, and hold as long as place, size, inode and
 * time stamps are the same, as make and git have it.
 */
export class FileDigests {
  readonly #memoryPath: string;
  #known: z.infer<typeof Known>;
  #isChanged = false;

  private constructor(memoryPath: string, known: z.infer<typeof Known>) {
    this.#memoryPath = memoryPath;
    this.#known = known;
  }

  /** Opens the memory of an earlier run; one that is not there or cannot be read is an empty one. */
  static async open(memoryPath: string): Promise<FileDigests> {
    const known = await readFile(memoryPath, 'utf8')
      .then(
        (text) => Known.parse(JSON.parse(text)),
        () => ({}),
      )
      .catch(() => ({}));
    return new FileDigests(memoryPath, known);
  }

  /** Hex SHA-256 of a file. Fails as reading it fails. */
  async sha256(path: string, signal?: AbortSignal): Promise<string> {
    const { size, mtimeMs, mtimeNs, ctimeNs, ino } = await stat(path, { bigint: true });
    const stamp = [size, mtimeNs, ctimeNs, ino].join(' ');
    const known = this.#known[path];
    if (known?.stamp === stamp) return known.sha256;
    const sha256 = await hashFile(path, 'sha256', signal === undefined ? {} : { signal });
    const isSettled = Date.now() - Number(mtimeMs) > SETTLED_AFTER_MS;
    if (size >= SMALLEST_REMEMBERED_BYTES && isSettled) {
      this.#known = { ...this.#known, [path]: { stamp, sha256 } };
      this.#isChanged = true;
    }
    return sha256;
  }

  /** Writes what was learned. A memory that cannot be written only costs time the next time. */
  async save(): Promise<void> {
    if (!this.#isChanged) return;
    await writeFileWhole(this.#memoryPath, `${JSON.stringify(this.#known)}\n`).catch(() => undefined);
  }
}

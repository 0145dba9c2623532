import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';

export interface FinishedFile {
  readonly bytes: number;
  readonly sha256: string;
}

/** A new file that is written from its beginning to its end, and hashed on the way. */
export class OutputFile implements AsyncDisposable {
  readonly #handle: FileHandle;
  readonly #hash = createHash('sha256');
  #bytes = 0;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Makes the file. Fails with an error of the system, also when there is one already. */
  static async create(path: string): Promise<OutputFile> {
    return new OutputFile(await open(path, 'wx', 0o644));
  }

  /** How much was written so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Writes all of the parts, one after the other. */
  async write(parts: readonly Uint8Array[]): Promise<void> {
    const bytes = Buffer.concat(parts);
    this.#hash.update(bytes);
    this.#bytes += bytes.length;
    await this.#handle.writeFile(bytes);
  }

  /** Closes the file and tells what it is. */
  async finish(): Promise<FinishedFile> {
    await this.#handle.close();
    return { bytes: this.#bytes, sha256: this.#hash.digest('hex') };
  }

  /** Closes the file if `finish` did not. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
}

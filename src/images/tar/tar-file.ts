import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { FilePart } from '../../qemu/disk-file.ts';
import { type FinishedFile, OutputFile } from '../../system/output-file.ts';
import { tarEnd, tarHeader, tarPadding } from './tar-header.ts';

const COPY_BYTES = 1024 * 1024;

/** A plain tar archive that is written member by member, and hashed on the way. */
export class TarFile implements AsyncDisposable {
  readonly #file: OutputFile;
  readonly #timeSeconds = Math.floor(Date.now() / 1000);

  private constructor(file: OutputFile) {
    this.#file = file;
  }

  static async create(path: string): Promise<TarFile> {
    return new TarFile(await OutputFile.create(path));
  }

  async addText(name: string, text: string): Promise<void> {
    const content = Buffer.from(text, 'utf8');
    const header = tarHeader({ name, sizeBytes: content.length, timeSeconds: this.#timeSeconds });
    await this.#file.write([header, content, tarPadding(content.length)]);
  }

  /**
   * Copies a file into the archive, and tells where in it the content lies: in whole blocks, since QEMU takes no
   * others; the last is filled up with zeros.
   */
  async addFile(
    name: string,
    path: string,
    onFraction: (fraction: number) => void,
    signal: AbortSignal,
  ): Promise<FilePart> {
    const { size } = await stat(path);
    await this.#file.write([tarHeader({ name, sizeBytes: size, timeSeconds: this.#timeSeconds })]);
    const offsetBytes = this.#file.bytes;
    const content = createReadStream(path, { highWaterMark: COPY_BYTES, signal });
    for await (const chunk of content as AsyncIterable<Buffer>) {
      await this.#file.write([chunk]);
      onFraction((this.#file.bytes - offsetBytes) / size);
    }
    await this.#file.write([tarPadding(size)]);
    return { offsetBytes, lengthBytes: this.#file.bytes - offsetBytes };
  }

  async finish(): Promise<FinishedFile> {
    await this.#file.write([tarEnd()]);
    return this.#file.finish();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file[Symbol.asyncDispose]();
  }
}

import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type DataMap, readDataMap } from '../qemu/data-map.ts';
import type { NbdClient } from '../qemu/nbd-client.ts';
import { openDisk } from '../qemu/nbd-server.ts';
import { DeflatePool } from '../system/deflate-pool.ts';
import type { FinishedFile } from '../system/output-file.ts';
import { Scope } from '../system/scope.ts';
import type { SourceDisk } from './source-disk.ts';
import { GRAIN_BYTES } from './vmdk/stream-layout.ts';
import { writeStreamVmdk } from './vmdk/write-stream-vmdk.ts';

/** A stream-optimized VMDK that formats are made of. Nobody may change it. */
export interface StreamVmdk extends FinishedFile {
  readonly path: string;
}

export interface SharedOptions {
  /** Where what is shared is written, in a hidden folder that goes at the end. */
  readonly outputFolder: string;
  /** Of the files, without extension. */
  readonly name: string;
  readonly signal: AbortSignal;
}

/**
 * What the formats of one conversion use together: the source, open for reading, where its data are, threads, and
 * the compressed disk. Each is made when it is first asked for, and only once; all end when this ends.
 */
export class SharedSource implements AsyncDisposable {
  readonly source: SourceDisk;
  readonly #options: SharedOptions;
  readonly #scope = new Scope();
  readonly #listeners = new Set<(fraction: number) => void>();
  #reader: Promise<NbdClient> | undefined;
  #dataMap: Promise<DataMap> | undefined;
  #pool: DeflatePool | undefined;
  #streamVmdk: Promise<StreamVmdk> | undefined;

  constructor(source: SourceDisk, options: SharedOptions) {
    this.source = source;
    this.#options = options;
  }

  /** The source's bytes. Fails with `ProcessError` when qemu-nbd cannot open it. */
  reader(): Promise<NbdClient> {
    return (this.#reader ??= openDisk(this.#scope, this.source, this.#options.signal));
  }

  /** Where the source may hold data, in blocks of 64 KiB. */
  dataMap(): Promise<DataMap> {
    const { source } = this;
    return (this.#dataMap ??= readDataMap(
      source,
      source.virtualSizeBytes,
      GRAIN_BYTES,
      this.#options.signal,
    ));
  }

  pool(): DeflatePool {
    if (this.#pool === undefined) {
      const pool = new DeflatePool();
      this.#scope.defer(() => pool[Symbol.asyncDispose]());
      this.#pool = pool;
    }
    return this.#pool;
  }

  /** The disk as a stream-optimized VMDK, `NAME.stream.vmdk`. Everyone who asks is told of its progress. */
  streamVmdk(onFraction: (fraction: number) => void): Promise<StreamVmdk> {
    this.#listeners.add(onFraction);
    return (this.#streamVmdk ??= this.#writeStreamVmdk());
  }

  async #writeStreamVmdk(): Promise<StreamVmdk> {
    const { outputFolder, name, signal } = this.#options;
    const folder = join(outputFolder, `.${name}.partial-${randomUUID()}`);
    await mkdir(folder, { mode: 0o700 });
    this.#scope.defer(() => rm(folder, { recursive: true, force: true }));
    const path = join(folder, `${name}.stream.vmdk`);
    const [reader, dataMap] = await Promise.all([this.reader(), this.dataMap()]);
    const onFraction = (fraction: number): void => {
      for (const listener of this.#listeners) listener(fraction);
    };
    const finished = await writeStreamVmdk({ reader, dataMap, pool: this.pool() }, path, {
      onFraction,
      signal,
    });
    return { path, ...finished };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scope[Symbol.asyncDispose]();
  }
}

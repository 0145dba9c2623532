import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { ZlibOptions } from 'node:zlib';

/** How bytes are compressed. */
export interface DeflateSettings {
  /** Each piece of so many bytes is compressed by itself; the last may be shorter. */
  readonly pieceBytes: number;
  /** With zlib's header and checksum around (RFC 1950), or none (RFC 1951). */
  readonly wrapper: 'zlib' | 'none';
  readonly options: ZlibOptions;
  /** Whether a piece that is all zeros is left out. */
  readonly skipZeros: boolean;
}

export interface DeflateTask extends DeflateSettings {
  readonly id: number;
  readonly input: ArrayBuffer;
}

export interface DeflateResult {
  readonly id: number;
  /** The task's own memory, back for use again. */
  readonly input: ArrayBuffer;
  /** Undefined for one that was left out. */
  readonly pieces: readonly (Uint8Array<ArrayBuffer> | undefined)[];
}

interface Waiting {
  readonly resolve: (result: DeflateResult) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Compresses on all processors: a thread each, started when first used. Memory moves to the threads and back without
 * being copied. A caller bounds the memory by how much it asks for at once: `concurrency` keeps every thread busy.
 */
export class DeflatePool implements AsyncDisposable {
  readonly threads: number;
  readonly #workers: Worker[] = [];
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  /** Why the pool can do no more: a thread that died would never answer. */
  #failure: Error | undefined;

  constructor(threads = availableParallelism()) {
    this.threads = threads;
  }

  /** So many calls at once that no thread waits for the next. */
  get concurrency(): number {
    return this.threads * 2 + 1;
  }

  /** Compresses the whole of `input`, which cannot be used until it comes back with the result. */
  deflate(input: ArrayBuffer, settings: DeflateSettings): Promise<DeflateResult> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const id = (this.#lastId += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      const task: DeflateTask = { ...settings, id, input };
      this.#nextWorker().postMessage(task, [input]);
    });
  }

  /** Ends the threads; what they are still asked for fails. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#fail(new Error('the compression was stopped'));
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  /** In turn: the tasks are much alike. */
  #nextWorker(): Worker {
    return this.#workers[this.#lastId % this.threads] ?? this.#start();
  }

  #start(): Worker {
    // Beside this file, both in the sources and in the bundle.
    const worker = new Worker(new URL('./deflate-worker.js', import.meta.url));
    worker.on('message', (result: DeflateResult) => {
      this.#waiting.get(result.id)?.resolve(result);
      this.#waiting.delete(result.id);
    });
    worker.on('error', (error) => this.#fail(error));
    this.#workers.push(worker);
    return worker;
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

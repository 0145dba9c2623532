import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** What the thread says: how far it is, and at the end the digest. */
export type HashMessage = { readonly doneBytes: number } | { readonly sha256: string };

export interface HashOptions {
  /** Told from time to time how many bytes were read so far. */
  readonly onBytes: (doneBytes: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Hex SHA-256 of a large file, made by a thread of its own: several files are hashed on several processors, and
 * nothing else of this process waits meanwhile. (`hashFile` shares the event loop and its four file threads, all of
 * which may be busy with flushing.) Fails with the error of the system, or with the signal's reason.
 */
export async function hashInThread(path: string, { onBytes, signal }: HashOptions): Promise<string> {
  signal.throwIfAborted();
  // Beside this file, both in the sources and in the bundle.
  const worker = new Worker(new URL('./hash-worker.js', import.meta.url), { workerData: path });
  const stop = (): void => void worker.terminate();
  signal.addEventListener('abort', stop);
  let sha256: string | undefined;
  worker.on('message', (message: HashMessage) => {
    if ('sha256' in message) sha256 = message.sha256;
    else onBytes(message.doneBytes);
  });
  try {
    // Rejects when the thread throws.
    await once(worker, 'exit');
  } finally {
    signal.removeEventListener('abort', stop);
  }
  signal.throwIfAborted();
  if (sha256 === undefined) throw new Error(`the thread that hashed ${path} ended without a word`);
  return sha256;
}

// @ts-check
// The thread behind hash-thread.ts. Plain JavaScript, because Node.js 20 starts no thread from TypeScript, and the
// tests run the sources as they are.
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

/** @import { HashMessage } from './hash-thread.ts' */

const CHUNK_BYTES = 1024 * 1024;
/** How much is read between two messages: they cost more than the reading of a chunk. */
const STEP_BYTES = 16 * CHUNK_BYTES;

const path = String(workerData);
const hash = createHash('sha256');
// One piece of memory for the whole file, and no turn of an event loop for each read: a fifth less work.
const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
const file = openSync(path, 'r');
try {
  let doneBytes = 0;
  for (let length = read(); length > 0; length = read()) {
    hash.update(chunk.subarray(0, length));
    doneBytes += length;
    if (doneBytes % STEP_BYTES === 0) tell({ doneBytes });
  }
  tell({ sha256: hash.digest('hex') });
} finally {
  closeSync(file);
}

function read() {
  return readSync(file, chunk, 0, CHUNK_BYTES, null);
}

/** @param {HashMessage} message */
function tell(message) {
  parentPort?.postMessage(message);
}

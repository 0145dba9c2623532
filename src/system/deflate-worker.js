// @ts-check
// The thread behind deflate-pool.ts. Plain JavaScript, because Node.js 20 starts no thread from TypeScript, and the
// tests run the sources as they are.
import { parentPort } from 'node:worker_threads';
import { deflateRawSync, deflateSync } from 'node:zlib';

/** @import { DeflateTask, DeflateResult } from './deflate-pool.ts' */

parentPort?.on('message', (/** @type {DeflateTask} */ task) => {
  const pieces = [];
  for (let start = 0; start < task.input.byteLength; start += task.pieceBytes) {
    const length = Math.min(task.pieceBytes, task.input.byteLength - start);
    pieces.push(deflatePiece(new Uint8Array(task.input, start, length), task));
  }
  const transfer = pieces.flatMap((piece) => (piece === undefined ? [] : [piece.buffer]));
  /** @type {DeflateResult} */
  const result = { id: task.id, input: task.input, pieces };
  parentPort?.postMessage(result, [task.input, ...transfer]);
});

/**
 * @param {Uint8Array} piece
 * @param {DeflateTask} task
 * @returns {Uint8Array<ArrayBuffer> | undefined}
 */
function deflatePiece(piece, { wrapper, options, skipZeros }) {
  if (skipZeros && isZero(piece)) return undefined;
  const deflated = wrapper === 'zlib' ? deflateSync(piece, options) : deflateRawSync(piece, options);
  // A copy of its own: the buffer that zlib returns may be part of a shared one, which cannot change threads.
  return new Uint8Array(deflated);
}

/** @param {Uint8Array} bytes */
function isZero(bytes) {
  // Equal to itself moved by one byte, and beginning with zero: the comparison is native.
  return bytes[0] === 0 && Buffer.compare(bytes.subarray(1), bytes.subarray(0, -1)) === 0;
}

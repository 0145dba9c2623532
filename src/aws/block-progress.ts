import type { Emit } from '../events.ts';

/** Steps smaller than this are not worth an event. */
const SMALLEST_STEP = 0.005;

/** Makes a function that tells of an item of the phase `publish`, counted in bytes; it leaves out steps that are too small. */
export function byteProgress(emit: Emit, item: string): (doneBytes: number, totalBytes: number) => void {
  let told = -1;
  return (doneBytes, totalBytes) => {
    const fraction = totalBytes === 0 ? 1 : Math.min(1, doneBytes / totalBytes);
    if (fraction - told < SMALLEST_STEP && !(fraction === 1 && told < 1)) return;
    told = fraction;
    emit({ type: 'progress', phase: 'publish', item, fraction, doneBytes, totalBytes });
  };
}

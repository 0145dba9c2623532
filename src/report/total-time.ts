import type { Manifest } from '../output/manifest.ts';

/** How long a build took. A manifest of an older version has no total: its phases ran one after the other. */
export function totalMs({ durationMs, phases }: Manifest): number {
  return durationMs ?? phases.reduce((sum, { seconds }) => sum + seconds * 1000, 0);
}

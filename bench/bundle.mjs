// A part of the program as a program of its own, so that a benchmark times it alone.
import { join } from 'node:path';
import { build } from 'esbuild';

const SOURCES = join(import.meta.dirname, '../src');

/** Bundles TypeScript, whose imports are those of a file in src/, into a folder, with the program's threads beside it. Returns its path. */
export async function bundle(contents, folder) {
  const options = { bundle: true, format: 'esm', platform: 'node', target: 'node20' };
  const path = join(folder, 'program.mjs');
  await build({ ...options, stdin: { contents, resolveDir: SOURCES, loader: 'ts' }, outfile: path });
  const threads = ['deflate-worker.js', 'hash-worker.js'].map((name) => join(SOURCES, 'system', name));
  await build({ ...options, entryPoints: threads, outdir: folder });
  return path;
}

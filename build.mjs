// Bundles the program into dist/: one entry, code loaded lazily split off, so that `--help` starts fast; beside it
// the code of the threads.
import { cp, rm } from 'node:fs/promises';
import { build } from 'esbuild';

await rm('dist', { recursive: true, force: true });
await build({
  entryPoints: {
    cli: 'src/cli.ts',
    'deflate-worker': 'src/system/deflate-worker.js',
    'hash-worker': 'src/system/hash-worker.js',
  },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  logLevel: 'warning',
  // The ES modules of libraries that have them: jsonc-parser's UMD form cannot be bundled.
  mainFields: ['module', 'main'],
  // commander is CommonJS; an ESM bundle has no `require` of its own.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
});
// What a proof asks a booted machine, in shell.
await cp('src/prove/guest', 'dist/guest', { recursive: true });

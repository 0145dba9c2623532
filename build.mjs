// Bundles the program into dist/: one entry, code loaded lazily split off, so that `--help` starts fast.
import { rm } from 'node:fs/promises';
import { build } from 'esbuild';

await rm('dist', { recursive: true, force: true });
await build({
  entryPoints: { cli: 'src/cli.ts' },
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

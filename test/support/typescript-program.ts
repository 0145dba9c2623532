import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { randomUUID } from 'node:crypto';
import { build } from 'esbuild';

const SOURCE_FOLDER = join(import.meta.dirname, '../../src');

/** A small TypeScript program as one file that Node runs, gone when its block ends. Imports start in `src/`. */
export async function bundleProgram(source: string): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = join(tmpdir(), `program-${randomUUID()}.mjs`);
  await build({
    stdin: { contents: source, resolveDir: SOURCE_FOLDER, loader: 'ts' },
    outfile: path,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    // As build.mjs has them.
    mainFields: ['module', 'main'],
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  return { path, [Symbol.asyncDispose]: () => rm(path, { force: true }) };
}

/**
 * A program of its own process, for tests of what happens when a process is killed or signalled. It runs until it
 * ends, or until the test's block does.
 */
export class TypescriptProgram implements AsyncDisposable {
  readonly child: ChildProcess;
  /** The lines of its standard output so far. */
  readonly lines: string[] = [];
  readonly #closed: Promise<unknown>;
  readonly #bundle: AsyncDisposable;

  private constructor(child: ChildProcess, bundle: AsyncDisposable) {
    this.child = child;
    this.#bundle = bundle;
    this.#closed = once(child, 'exit');
    if (child.stdout !== null) createInterface(child.stdout).on('line', (line) => this.lines.push(line));
  }

  /** Starts the program. Its standard error is the test's own. */
  static async start(source: string, env: NodeJS.ProcessEnv = {}): Promise<TypescriptProgram> {
    const bundle = await bundleProgram(source);
    const child = spawn(process.execPath, [bundle.path], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return new TypescriptProgram(child, bundle);
  }

  /** Resolves when the program has printed this line. */
  async printed(line: string, timeoutMs = 5000): Promise<void> {
    const endMs = performance.now() + timeoutMs;
    while (!this.lines.includes(line)) {
      if (performance.now() > endMs) throw new Error(`"${line}" was not printed: ${this.lines.join(' / ')}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** The exit code, or the name of the signal that killed it. */
  async ended(): Promise<number | NodeJS.Signals | null> {
    await this.#closed;
    return this.child.exitCode ?? this.child.signalCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#closed;
    await this.#bundle[Symbol.asyncDispose]();
  }
}

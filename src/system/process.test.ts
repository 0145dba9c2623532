import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nothingLeftWith, processesWith } from '../../test/support/processes.ts';
import { Interrupted } from '../errors.ts';
import { temporaryFolder } from './files.ts';
import { killLeftovers, RUN_LABEL } from './leftovers.ts';
import { displayArgv, ProcessError, run, runInteractive, type RunOptions } from './process.ts';
import { killAllProcesses } from './process-group.ts';
import { Scope } from './scope.ts';
import { registerSecret } from './secrets.ts';

/** Runs a shell script; the shell is the program under the runner's care. */
function sh(script: string, options: RunOptions = {}): ReturnType<typeof run> {
  return run(['sh', '-c', script], options);
}

async function failureOf(running: Promise<unknown>): Promise<ProcessError> {
  const thrown: unknown = await running.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof ProcessError) return thrown;
  throw new Error(`a ProcessError was expected, not ${String(thrown)}`);
}

/** Environment with a mark that all descendants inherit, to see whether one is left. */
function marked(): { readonly mark: string; readonly env: NodeJS.ProcessEnv } {
  const label = randomUUID();
  return { mark: `TEST_LABEL=${label}`, env: { ...process.env, TEST_LABEL: label } };
}

/** Resolves with an abort controller once the process has printed its first line. */
function abortOnFirstLine(reason?: unknown): Pick<RunOptions, 'signal' | 'onLine'> {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    onLine: () => {
      controller.abort(reason);
    },
  };
}

describe('run', () => {
  it('returns the exit code, the output and the tail', async () => {
    const result = await sh('echo out; echo err >&2');
    expect(result).toMatchObject({ exitCode: 0, stdout: 'out\n' });
    expect([...result.tail].sort()).toEqual(['err', 'out']);
  });

  it('passes each argument as it is, without a shell', async () => {
    const words = ['$HOME', '; rm -rf /', "it's", '', '*', 'a\nb'];
    const { stdout } = await run(['printf', '%s\\0', ...words]);
    expect(stdout.split('\0').slice(0, -1)).toEqual(words);
  });

  it('fails with the exit code and the last lines', async () => {
    const error = await failureOf(sh('echo one; echo two; exit 3'));
    expect(error).toMatchObject({
      failure: 'exited',
      exitCode: 3,
      code: 'process-failed',
      tail: ['one', 'two'],
    });
    expect(error.message).toBe("sh ended with exit code 3: sh -c 'echo one; echo two; exit 3'");
  });

  it('takes an exit code that is an answer for one', async () => {
    expect(await sh('exit 1', { acceptExitCodes: [1] })).toMatchObject({ exitCode: 1 });
    expect(await failureOf(sh('exit 2', { acceptExitCodes: [1] }))).toMatchObject({ exitCode: 2 });
  });

  it('keeps of a long output only the last lines', async () => {
    const { tail } = await sh('seq 1000', { capture: false });
    expect(tail).toEqual(Array.from({ length: 40 }, (_, index) => String(961 + index)));
  });

  it('fails on an output that is too long to be kept, rather than cutting it', async () => {
    await expect(run(['head', '-c', `${64 * 1024 ** 2 + 1}`, '/dev/zero'])).rejects.toThrow(
      'head wrote more than 67108864 bytes',
    );
  });

  it('captures nothing when told so, but tells each line', async () => {
    const lines: string[] = [];
    const { stdout } = await sh('echo a; echo b', { capture: false, onLine: (line) => lines.push(line) });
    expect(stdout).toBe('');
    expect(lines).toEqual(['a', 'b']);
  });

  it('gives progress that is written over itself piece by piece, and tells the streams apart', async () => {
    const lines: string[] = [];
    await sh('printf "10 %%\\r20 %%\\r"; sleep 0.1; printf "oops" >&2', {
      onLine: (line, stream) => lines.push(`${stream}: ${line}`),
    });
    expect(lines).toEqual(['stdout: 10 %', 'stdout: 20 %', 'stderr: oops']);
  });

  it('keeps characters whole that come in two pieces', async () => {
    const { stdout, tail } = await sh("printf '\\303'; sleep 0.1; printf '\\244\\n'");
    expect([stdout, tail]).toEqual(['ä\n', ['ä']]);
  });

  it('writes the input and closes it', async () => {
    expect(await run(['cat'], { input: 'text' })).toMatchObject({ stdout: 'text' });
    expect(await run(['cat'])).toMatchObject({ stdout: '' });
  });

  it('writes input that comes in pieces, however slowly the program reads', async () => {
    const pieces = async function* (): AsyncGenerator<Uint8Array> {
      for (let piece = 0; piece < 50; piece += 1) yield await Promise.resolve(Buffer.alloc(100_000, 'x'));
    };
    const { stdout } = await sh('sleep 0.1; wc -c', { input: pieces() });
    expect(stdout.trim()).toBe('5000000');
  });

  it('fails when its input cannot be made, though the program saw a good end', async () => {
    const pieces = async function* (): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Buffer.from('x'));
      throw new Error('no more');
    };
    await expect(run(['cat'], { input: pieces() })).rejects.toThrow('no more');
  });

  it('stops making input for a program that ends before', async () => {
    let made = 0;
    const pieces = async function* (): AsyncGenerator<Uint8Array> {
      for (;;) {
        made += 1;
        yield await Promise.resolve(Buffer.alloc(100_000));
      }
    };
    await run(['true'], { input: pieces() });
    expect(made).toBeLessThan(100);
  });

  it('takes a program that does not read its input by its exit code', async () => {
    expect(await run(['true'], { input: 'x'.repeat(10_000_000) })).toMatchObject({ exitCode: 0 });
  });

  it('uses the given folder and environment, with a fixed locale', async () => {
    const { stdout } = await sh('pwd; echo "$A $LC_ALL [$LANGUAGE]"', {
      cwd: '/',
      env: { PATH: process.env['PATH'], A: 'b', LC_ALL: 'de_DE', LANGUAGE: 'de' },
    });
    expect(stdout).toBe('/\nb C.UTF-8 []\n');
  });

  it('says so when the system does not take its arguments', async () => {
    expect(await failureOf(run(['true', 'x'.repeat(200_000)]))).toMatchObject({
      ...{ code: 'process-failed', failure: 'not-started' },
      message: 'true cannot be started: spawn E2BIG',
    });
  });

  it('tells by the exit code which signal ended a program that had the terminal', async () => {
    expect(await runInteractive(['sh', '-c', 'exit 3'])).toBe(3);
    expect(await runInteractive(['sh', '-c', 'kill -TERM $$'])).toBe(143);
  });

  it('shows a registered secret to nobody but the result', async () => {
    registerSecret('very-secret-word');
    const lines: string[] = [];
    const error = await failureOf(
      sh('echo very-secret-word; exit 1', { onLine: (line) => lines.push(line) }),
    );
    expect(lines).toEqual(['[secret]']);
    expect(JSON.stringify([error, error.message, error.tail])).not.toContain('very-secret-word');
    expect((await sh('echo very-secret-word')).stdout).toBe('very-secret-word\n');
  });
});

describe('a program that cannot be started', () => {
  it('is missing', async () => {
    expect(await failureOf(run(['no-such-program']))).toMatchObject({
      failure: 'not-found',
      code: 'tool-missing',
    });
  });

  it('is a file that may not be run', async () => {
    await using scope = new Scope();
    const path = join(await temporaryFolder(scope), 'file');
    await writeFile(path, '', { mode: 0o644 });
    expect((await failureOf(run([path]))).message).toMatch(/EACCES/);
  });

  it('has no folder to run in, and the message names it', async () => {
    const { message } = await failureOf(run(['true'], { cwd: '/no/such/folder' }));
    expect(message).toMatch(/^true cannot be started in \/no\/such\/folder: /);
  });

  it('is none at all, which is a mistake in the program', async () => {
    await expect(run([])).rejects.toThrow(TypeError);
  });
});

describe('stopping', () => {
  it('is asked for politely first, and the program may end in order', async () => {
    const lines: string[] = [];
    const controller = new AbortController();
    const running = sh('trap "echo goodbye; exit 0" TERM; echo up; while :; do sleep 0.05; done', {
      signal: controller.signal,
      onLine: (line, stream) => {
        // The shell itself may say "Terminated" on standard error.
        if (stream === 'stdout') lines.push(line);
        if (line === 'up') controller.abort();
      },
    });
    expect(await failureOf(running)).toMatchObject({ failure: 'aborted', message: 'sh was stopped' });
    expect(lines).toEqual(['up', 'goodbye']);
  });

  it('fails with the reason that was given', async () => {
    const reason = new Interrupted('SIGINT');
    await expect(sh('echo up; sleep 60', abortOnFirstLine(reason))).rejects.toBe(reason);
  });

  it('does not start anything when it was asked for before', async () => {
    const reason = new Interrupted('SIGTERM');
    await expect(sh('exit 0', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('kills a program and its children that do not listen', async () => {
    const { mark, env } = marked();
    const deaf = 'trap "" TERM; (trap "" TERM; sleep 61; sleep 61) & echo up; sleep 60; sleep 60';
    const startMs = performance.now();
    await failureOf(sh(deaf, { ...abortOnFirstLine(), env, killAfterMs: 200 }));
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(200);
    expect(performance.now() - startMs).toBeLessThan(5000);
    await nothingLeftWith(mark);
  });

  it('uses the signal that the program understands', async () => {
    const lines: string[] = [];
    const controller = new AbortController();
    const running = sh('trap "echo interrupted; exit 0" INT; echo up; while :; do sleep 0.05; done', {
      signal: controller.signal,
      stopSignal: 'SIGINT',
      onLine: (line, stream) => {
        if (stream === 'stdout') lines.push(line);
        controller.abort();
      },
    });
    await failureOf(running);
    expect(lines).toEqual(['up', 'interrupted']);
  });

  it('comes by itself when the time is over', async () => {
    const { mark, env } = marked();
    const error = await failureOf(sh('echo waiting; sleep 60', { timeoutMs: 200, env }));
    expect(error).toMatchObject({
      failure: 'timed-out',
      message: 'sh did not end within 0.2 s',
      tail: ['waiting'],
    });
    await nothingLeftWith(mark);
  });

  it('is told apart from a program that was killed by somebody else', async () => {
    expect(await failureOf(sh('kill -KILL $$'))).toMatchObject({
      failure: 'killed',
      signal: 'SIGKILL',
      message: 'sh was killed by SIGKILL',
    });
  });
});

describe('grandchildren', () => {
  it('that are left in the group are killed when the program ends, and not waited for', async () => {
    const { mark, env } = marked();
    const startMs = performance.now();
    const { stdout } = await sh('(trap "" TERM HUP; sleep 60; sleep 60) & echo done', { env });
    expect(stdout).toBe('done\n');
    expect(performance.now() - startMs).toBeLessThan(5000);
    await nothingLeftWith(mark);
  });

  it('that left the group and hold the pipes are not waited for either', async () => {
    const runId = randomUUID();
    await using scope = new Scope();
    scope.defer(async () => {
      await killLeftovers(runId);
    });
    const fifo = join(await temporaryFolder(scope), 'fifo');
    // The outer shell goes on when the inner one has left the group.
    const script = 'mkfifo "$F"; setsid sh -c \'echo up > "$F"; exec sleep 60\' & cat "$F"; seq 20000';
    const { stdout } = await sh(script, { env: { ...process.env, F: fifo, [RUN_LABEL]: runId } });
    expect(stdout.trim().split('\n').at(-1)).toBe('20000');
    expect(await processesWith(`${RUN_LABEL}=${runId}`)).toEqual(['sleep 60']);
  });
});

it('killAllProcesses ends everything that runs now', async () => {
  const { mark, env } = marked();
  const running = [1, 2].map(() =>
    failureOf(sh('trap "" TERM; echo up; sleep 60', { env, onLine: killAllProcesses })),
  );
  for (const error of await Promise.all(running)) expect(error.failure).toBe('killed');
  await nothingLeftWith(mark);
});

describe('displayArgv', () => {
  it.each([
    [
      ['qemu-img', 'convert', '-O', 'vdi', '/a/b.qcow2'],
      'qemu-img convert -O vdi /a/b.qcow2',
      'ordinary words stay',
    ],
    [['echo', 'a b', ''], "echo 'a b' ''", 'spaces and nothing are quoted'],
    [['echo', "it's"], `echo 'it'\\''s'`, 'a quote is quoted'],
  ])('%j is shown as %s: %s', (argv, text) => {
    expect(displayArgv(argv)).toBe(text);
  });

  it('hides a secret, also one that needs quotes', () => {
    registerSecret("pass'word with spaces");
    expect(displayArgv(['tool', '--password', "pass'word with spaces"])).toBe("tool --password '[secret]'");
  });

  it('gives a real shell the same words back', async () => {
    const word = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: fc.constantFrom("'", '"', '\\', '$', '`', '\n', ' ', '*', '~', '!', '#', '=', 'a') }),
    );
    const words = fc.array(
      word.filter((text) => !text.includes('\0')),
      { minLength: 1, maxLength: 30 },
    );
    await fc.assert(
      fc.asyncProperty(words, async (argv) => {
        const { stdout } = await sh(displayArgv(['printf', '%s\\0', ...argv]));
        expect(stdout.split('\0').slice(0, -1)).toEqual(argv);
      }),
      { numRuns: 25 },
    );
  });
});

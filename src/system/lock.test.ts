import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TypescriptProgram } from '../../test/support/typescript-program.ts';
import { takeLock } from './lock.ts';
import { Scope } from './scope.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-test-'));
  path = join(folder, 'lock');
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

/** Another process that takes the lock and holds it. */
async function otherHolder(): Promise<TypescriptProgram> {
  const program = await TypescriptProgram.start(`
    import { takeLock } from './system/lock.ts';
    import { Scope } from './system/scope.ts';
    const { taken } = await takeLock(new Scope(), ${JSON.stringify(path)}, 'other-run');
    console.log(taken ? 'taken' : 'refused');
  `);
  await program.printed('taken');
  return program;
}

describe('takeLock', () => {
  it('is free the first time, and says who holds it in the file', async () => {
    await using scope = new Scope();
    expect(await takeLock(scope, path, 'run-1')).toEqual({ taken: true, previous: undefined });
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({
      pid: process.pid,
      host: hostname(),
      runId: 'run-1',
    });
  });

  it('refuses a second taker and tells who has it', async () => {
    await using scope = new Scope();
    await using other = await otherHolder();
    const answer = await takeLock(scope, path, 'run-2');
    expect(answer).toMatchObject({ taken: false, holder: { pid: other.child.pid, runId: 'other-run' } });
  });

  it('refuses a second taker in the same process too', async () => {
    await using scope = new Scope();
    await takeLock(scope, path, 'run-1');
    expect(await takeLock(scope, path, 'run-2')).toMatchObject({ taken: false, holder: { runId: 'run-1' } });
  });

  it('ends with the scope, and the next taker learns who was the last', async () => {
    {
      await using first = new Scope();
      await takeLock(first, path, 'run-1');
    }
    await using second = new Scope();
    expect(await takeLock(second, path, 'run-2')).toMatchObject({
      taken: true,
      previous: { runId: 'run-1' },
    });
  });

  it('ends when its holder is killed', async () => {
    await using scope = new Scope();
    await using other = await otherHolder();
    other.child.kill('SIGKILL');
    await other.ended();
    await vi.waitFor(async () => {
      expect(await takeLock(scope, path, 'run-2')).toMatchObject({
        taken: true,
        previous: { runId: 'other-run' },
      });
    });
  });

  it.each(['', 'no JSON', '{"pid": "x"}'])('takes a free lock whose file holds %j', async (content) => {
    await writeFile(path, content);
    await using scope = new Scope();
    expect(await takeLock(scope, path, 'run-1')).toEqual({ taken: true, previous: undefined });
  });

  it('says why a lock cannot be taken', async () => {
    await using scope = new Scope();
    await expect(takeLock(scope, join(folder, 'none', 'lock'), 'run-1')).rejects.toMatchObject({
      code: 'image-path-unusable',
      message: expect.stringContaining('No such file or directory') as string,
    });
  });

  it('says what to install when flock is missing', async () => {
    vi.stubEnv('PATH', folder);
    await using scope = new Scope();
    await expect(takeLock(scope, path, 'run-1')).rejects.toMatchObject({
      code: 'tool-missing',
      hint: 'install the package util-linux',
    });
  });
});

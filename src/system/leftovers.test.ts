import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { nothingLeftWith, processesWith } from '../../test/support/processes.ts';
import { killLeftovers, RUN_LABEL } from './leftovers.ts';

/** A process that has left the test's group and session, as ssh's master does. */
async function daemon(runId: string): Promise<ChildProcess> {
  const child = spawn('sh', ['-c', 'echo up; exec sleep 60'], {
    env: { ...process.env, [RUN_LABEL]: runId },
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  return child;
}

it('kills what carries the label of the run, even what left its group', async () => {
  const runId = randomUUID();
  await daemon(runId);
  await daemon(runId);
  expect(await processesWith(`${RUN_LABEL}=${runId}`)).toHaveLength(2);
  expect(await killLeftovers(runId)).toBe(2);
  await nothingLeftWith(`${RUN_LABEL}=${runId}`);
  expect(await killLeftovers(runId)).toBe(0);
});

it('leaves processes of other runs alone, also of one whose name only begins the same', async () => {
  const child = await daemon('another-run');
  expect(await killLeftovers('another-ru')).toBe(0);
  expect(child.exitCode ?? child.signalCode).toBeNull();
  child.kill('SIGKILL');
  await once(child, 'exit');
});

import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { nothingLeftWith } from '../../test/support/processes.ts';
import { TypescriptProgram } from '../../test/support/typescript-program.ts';
import { exitCodeOf } from './shutdown.ts';

/** A program that runs a shell script until it is told to stop, as the command line does. */
function programRunning(script: string): string {
  return `
    import { exitCodeOf, stopOnSignals } from './system/shutdown.ts';
    import { run } from './system/process.ts';
    const signal = stopOnSignals();
    try {
      const script = ${JSON.stringify(script)};
      await run(['sh', '-c', script], { signal, killAfterMs: 60_000, onLine: (line) => console.log(line) });
    } catch (thrown) {
      console.log(thrown.name, thrown.signal);
      process.exitCode = exitCodeOf(thrown.signal);
    }
  `;
}

const OBEDIENT = 'echo started; sleep 60';
const STUBBORN = 'trap "" INT TERM HUP; (trap "" INT TERM HUP; sleep 61) & echo started; sleep 60; sleep 60';

describe('stopOnSignals', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('stops in order on the first %s, and leaves nothing running', async (signal, exitCode) => {
    const label = randomUUID();
    await using program = await TypescriptProgram.start(programRunning(OBEDIENT), { TEST_LABEL: label });
    await program.printed('started');
    program.child.kill(signal);
    expect(await program.ended()).toBe(exitCode);
    expect(program.lines).toContain(`Interrupted ${signal}`);
    await nothingLeftWith(`TEST_LABEL=${label}`);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('kills everything at once on the second %s', async (signal, exitCode) => {
    const label = randomUUID();
    await using program = await TypescriptProgram.start(programRunning(STUBBORN), { TEST_LABEL: label });
    await program.printed('started');
    program.child.kill('SIGINT');
    // It is still there: the child does not listen, and has a minute to change its mind.
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(program.child.exitCode).toBeNull();
    program.child.kill(signal);
    expect(await program.ended()).toBe(exitCode);
    await nothingLeftWith(`TEST_LABEL=${label}`);
  });

  it('takes the children along when the program ends by a bug', async () => {
    const label = randomUUID();
    const source = programRunning(STUBBORN).replace(
      'await run(',
      'setTimeout(() => { process.exit(7); }, 500); await run(',
    );
    await using program = await TypescriptProgram.start(source, { TEST_LABEL: label });
    expect(await program.ended()).toBe(7);
    await nothingLeftWith(`TEST_LABEL=${label}`);
  });
});

describe('exitCodeOf', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGUSR1', 1],
  ] as const)('%s gives %d', (signal, exitCode) => {
    expect(exitCodeOf(signal)).toBe(exitCode);
  });
});

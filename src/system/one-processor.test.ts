import { describe, expect, it } from 'vitest';
import { lastProcessor, onOneProcessor } from './one-processor.ts';
import { run } from './process.ts';

describe('lastProcessor', () => {
  it.each([
    ['0', '0'],
    ['0-15', '15'],
    ['2,4-6,11', '11'],
  ])('of %s is %s', (list, last) => {
    expect(lastProcessor(`Name:\tnode\nCpus_allowed_list:\t${list}\nMems_allowed:\t1\n`)).toBe(last);
  });

  it('is none when the kernel does not say', () => {
    expect(lastProcessor('Name:\tnode\n')).toBeUndefined();
  });
});

describe('onOneProcessor', () => {
  it('leaves a program a single processor, and its own exit code', async () => {
    const { stdout } = await run(await onOneProcessor(['nproc']));
    expect(stdout.trim()).toBe('1');
    const { exitCode } = await run(await onOneProcessor(['sh', '-c', 'exit 7']), { acceptExitCodes: [7] });
    expect(exitCode).toBe(7);
  });
});

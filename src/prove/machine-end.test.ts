import { describe, expect, it } from 'vitest';
import { ProcessError } from '../system/process.ts';
import { lastWords } from './machine-end.ts';

const exited = (words: string, exitCode = 1): ProcessError =>
  new ProcessError('exited', 'setpriv ended', exitCode, [words]);

it('tells what the emulator said of a machine that ran', () => {
  expect(lastWords(exited('qemu: fatal: Trying to execute code outside RAM or ROM'), true)).toMatch(
    /outside RAM/,
  );
});

describe('what is not the image’s fault is thrown', () => {
  it.each([
    [
      'no memory for the guest',
      exited("qemu-system-x86_64: cannot set up guest memory 'pc.ram': Cannot allocate memory"),
      { code: 'process-failed', hint: /MEMORY lower/ },
    ],
    [
      'an option that QEMU does not know',
      exited('qemu-system-x86_64: -device tulip: not a valid device model name'),
      { code: 'process-failed', hint: /says nothing of the image/ },
    ],
    ['no QEMU', exited('setpriv: failed to execute', 127), { code: 'tool-missing', hint: /apt-get install/ }],
  ])('%s', (_what, thrown, { code, hint }) => {
    expect(() => lastWords(thrown, false)).toThrow(
      expect.objectContaining({ code, hint: expect.stringMatching(hint) as string }),
    );
  });

  it('a kill from outside, such as that of a host without memory, however far the machine had come', () => {
    const killed = new ProcessError('killed', 'setpriv was killed', undefined, ['slirp: no matter'], {
      signal: 'SIGKILL',
    });
    expect(() => lastWords(killed, true)).toThrow(
      expect.objectContaining({
        code: 'process-failed',
        message: 'QEMU could not run a machine of the proof: it was killed by SIGKILL',
      }),
    );
  });
});

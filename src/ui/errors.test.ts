import { describe, expect, it } from 'vitest';
import { BuilderError, BuilderErrors, Interrupted } from '../errors.ts';
import { renderError } from './errors.ts';

const plain = { isTTY: false, env: {} };

/** As `await using` throws it, compiled for Node 20. */
function suppressedError(error: unknown, suppressed: unknown): Error {
  return Object.assign(new Error('An error was suppressed during disposal'), {
    name: 'SuppressedError',
    error,
    suppressed,
  });
}

describe('renderError', () => {
  it('shows message, cause, last lines, log file and hint', () => {
    const error = new BuilderError('packer-failed', 'the task "Install" failed', {
      tail: ['first', 'last\r'],
      logFile: '/opt/images/packer/build.log',
      hint: 'read the log',
      cause: new Error('exit code 2'),
    });
    expect(renderError(error, plain)).toBe(
      [
        'error: the task "Install" failed',
        '       because: exit code 2',
        '       | first',
        '       | last ',
        '       log: /opt/images/packer/build.log',
        '       hint: read the log',
      ].join('\n'),
    );
  });

  it('shows no stack of an expected failure, and no cause that its message names already', () => {
    const cause = new Error('no such file');
    const error = new BuilderError('key-missing', 'cannot read the key: no such file', { cause });
    expect(renderError(error, plain)).toBe('error: cannot read the key: no such file');
  });

  it('follows causes a few levels deep, and never in a circle', () => {
    const inner = new Error('inner');
    const outer = new Error('outer', { cause: inner });
    inner.cause = outer;
    const error = new BuilderError('download-failed', 'top', { cause: outer });
    expect(renderError(error, plain)).toBe('error: top\n       because: outer\n       because: inner');
  });

  it('lists several problems, each with its hint', () => {
    const error = new BuilderErrors([
      new BuilderError('settings-invalid', 'BUILD_TYPE is "foo"', { hint: 'use qemu' }),
      new BuilderError('key-missing', 'no key'),
    ]);
    expect(renderError(error, plain)).toBe(
      ['error: 2 problems', '  1. BUILD_TYPE is "foo"', '     hint: use qemu', '  2. no key'].join('\n'),
    );
  });

  it('shows a list of one as that one', () => {
    const error = new BuilderErrors([new BuilderError('key-missing', 'no key', { hint: 'make one' })]);
    expect(renderError(error, plain)).toBe('error: no key\n       hint: make one');
  });

  it('says what stopped the program, without calling it an error', () => {
    expect(renderError(new Interrupted('SIGINT'), plain)).toBe('stopped by SIGINT');
  });

  it('shows anything else as a bug, with its stack', () => {
    const text = renderError(new TypeError('x is undefined', { cause: new Error('deeper') }), plain);
    expect(text).toMatch(/^error: this is a bug in netsil-builder: TypeError: x is undefined\n/);
    expect(text).toContain('because: deeper');
    expect(text).toMatch(/\n +at .*errors\.test\.ts/);
    expect(text).toMatch(/hint: please report it/);
  });

  it('shows what an aggregate of bugs holds', () => {
    const text = renderError(
      new AggregateError([new Error('one'), new Error('two')], 'clean-up failed'),
      plain,
    );
    expect(text).toMatch(/because: one\n.*because: two/);
  });

  it('puts what failed first before the clean-up that failed after it', () => {
    const work = new BuilderError('packer-failed', 'it broke');
    const cleanUp = new AggregateError([new Error('folder busy'), new Error('lock lost')], 'clean-up failed');
    expect(renderError(suppressedError(cleanUp, work), plain)).toBe(
      'error: it broke\nclean-up failed: folder busy\nclean-up failed: lock lost',
    );
    const twice = suppressedError(new Error('outer scope'), suppressedError(cleanUp, work));
    expect(renderError(twice, plain)).toMatch(/^error: it broke\n(clean-up failed: .*\n?){3}$/);
  });

  it('has colour on a terminal only, and lets no foreign escape codes through', () => {
    const error = new BuilderError('packer-failed', 'a\u001b[2Jb', { tail: ['\u001b[31mred'] });
    expect(renderError(error, { isTTY: true, env: {} })).toContain('\u001b[31merror: ');
    expect(renderError(error, plain)).toBe('error: ab\n       | red');
  });
});

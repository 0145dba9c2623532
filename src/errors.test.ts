import { expect, it } from 'vitest';
import { asError, BuilderError, BuilderErrors, Interrupted, systemCode } from './errors.ts';

it('a BuilderError carries what the user needs, and what went wrong below', () => {
  const cause = new Error('below');
  const error = new BuilderError('key-missing', 'no key', {
    hint: 'make one',
    tail: ['a'],
    logFile: '/log',
    cause,
  });
  expect(error).toMatchObject({
    code: 'key-missing',
    message: 'no key',
    hint: 'make one',
    tail: ['a'],
    logFile: '/log',
    cause,
  });
  expect(error).toBeInstanceOf(Error);
  expect(new BuilderError('key-missing', 'no key')).toMatchObject({
    hint: undefined,
    tail: [],
    logFile: undefined,
  });
});

it('several problems are one error that names them all', () => {
  const problems = [new BuilderError('key-missing', 'no key'), new BuilderError('disk-full', 'no room')];
  expect(new BuilderErrors(problems)).toMatchObject({
    code: 'key-missing',
    message: 'no key; no room',
    problems,
  });
});

it('an interruption says by which signal', () => {
  expect(new Interrupted('SIGTERM')).toMatchObject({
    code: 'interrupted',
    message: 'stopped by SIGTERM',
    signal: 'SIGTERM',
  });
});

it.each<[unknown, string, string]>([
  [new TypeError('x'), 'x', 'an error stays itself'],
  ['text', 'text', 'a text becomes the message'],
  [undefined, 'undefined', 'even nothing'],
])('asError(%s) has the message "%s": %s', (thrown, message) => {
  expect(asError(thrown).message).toBe(message);
});

it.each<[unknown, string | undefined, string]>([
  [Object.assign(new Error('x'), { code: 'ENOENT' }), 'ENOENT', 'an error of the system'],
  [Object.assign(new Error('x'), { code: 5 }), undefined, 'another kind of code'],
  [new Error('x'), undefined, 'no code'],
  [{ code: 'ENOENT' }, undefined, 'no error'],
])('systemCode of %o is %s: %s', (thrown, code) => {
  expect(systemCode(thrown)).toBe(code);
});

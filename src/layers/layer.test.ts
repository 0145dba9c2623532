import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentInput, inputChanges, type LayerInput, layerKey, secretInput, shownInput } from './layer.ts';

const inputs = fc.uniqueArray(fc.record({ name: fc.string(), value: fc.string(), isShown: fc.boolean() }), {
  selector: ({ name }) => name,
  minLength: 1,
});

describe('the key of a layer', () => {
  it('does not depend on the order in which its inputs were found', () => {
    fc.assert(
      fc.property(inputs, fc.nat(), (list, turn) => {
        const by = turn % list.length;
        expect(layerKey('p', [...list.slice(by), ...list.slice(0, by)])).toBe(layerKey('p', list));
      }),
    );
  });

  it('is another one when any input, or the layer below, is another one', () => {
    fc.assert(
      fc.property(inputs, fc.nat(), (list, place) => {
        const changed = list.map((input, index) =>
          index === place % list.length ? { ...input, value: `${input.value}x` } : input,
        );
        const key = layerKey('p', list);
        expect(layerKey('p', changed)).not.toBe(key);
        expect(layerKey('q', list)).not.toBe(key);
        expect(layerKey(undefined, list)).not.toBe(key);
        expect(layerKey('p', list.slice(1))).not.toBe(key);
      }),
    );
  });

  it('cannot be made the same by moving text from a name to its value', () => {
    expect(layerKey(undefined, [shownInput('a', 'bc')])).not.toBe(
      layerKey(undefined, [shownInput('ab', 'c')]),
    );
  });
});

describe('a secret input', () => {
  it('shows nothing of the secret, and cannot be compared between stores', () => {
    const one = secretInput('variable token', 'hunter2', 'salt of one store');
    expect(JSON.stringify(one)).not.toContain('hunter2');
    expect(one.value).not.toBe(secretInput('variable token', 'hunter2', 'salt of another').value);
    expect(one.value).toBe(secretInput('variable token', 'hunter2', 'salt of one store').value);
    expect(one.isShown).toBe(false);
  });
});

describe('what has changed', () => {
  const cases: readonly [string, LayerInput[], LayerInput[], string[]][] = [
    [
      'a value, from and to',
      [shownInput('variable dcos_version', '2.1.2')],
      [shownInput('variable dcos_version', '2.1.3')],
      ['variable dcos_version: 2.1.2 -> 2.1.3'],
    ],
    [
      'a program, without a colon',
      [shownInput('QEMU', '7.2.22')],
      [shownInput('QEMU', '8.0.1')],
      ['QEMU 7.2.22 -> 8.0.1'],
    ],
    [
      'a file, by name alone',
      [contentInput('role docker: files/daemon.json', 'a')],
      [contentInput('role docker: files/daemon.json', 'b')],
      ['role docker: files/daemon.json changed'],
    ],
    [
      'files that came and went',
      [contentInput('role a: tasks/old.yml', '')],
      [contentInput('role a: tasks/new.yml', '')],
      ['role a: tasks/new.yml is new', 'role a: tasks/old.yml is gone'],
    ],
    [
      'an empty value',
      [shownInput('variable x', '')],
      [shownInput('variable x', '1')],
      ['variable x: nothing -> 1'],
    ],
    [
      'a long value, which would not fit',
      [shownInput('variable x', 'a'.repeat(60))],
      [shownInput('variable x', 'b'.repeat(60))],
      ['variable x changed'],
    ],
    ['nothing', [shownInput('variable x', '1')], [shownInput('variable x', '1')], []],
  ];
  it.each(cases)('is told: %s', (_what, before, now, changes) => {
    expect(inputChanges(before, now)).toEqual(changes);
  });

  it('never shows a value that is not to be shown', () => {
    const before = [secretInput('variable token', 'a', 's')];
    const now = [secretInput('variable token', 'b', 's')];
    expect(inputChanges(before, now)).toEqual(['variable token changed']);
  });
});

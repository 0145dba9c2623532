import { describe, expect, it } from 'vitest';
import type { BuildEvent } from '../events.ts';
import { AnsibleOutput } from './ansible-output.ts';

/** Feeds lines, each a second after the one before. */
function fold(...lines: string[]) {
  const events: BuildEvent[] = [];
  let nowMs = 0;
  const output = new AnsibleOutput(
    (event) => events.push(event),
    'provision',
    () => nowMs,
  );
  for (const line of lines) {
    output.line(line);
    nowMs += 1000;
  }
  const outcomes = events.flatMap((event) =>
    event.type === 'task-finished' ? [[event.task, event.outcome, event.durationMs]] : [],
  );
  return { events, outcomes, failed: output.failedTask };
}

describe('the output of ansible-playbook', () => {
  it('gives each task its play, its time, and its outcome', () => {
    const { outcomes, events } = fold(
      'PLAY [Container host] ********',
      'TASK [container-host : Install the packages] ***',
      'changed: [default]',
      'TASK [container-host : Set the kernel parameters] ***',
      'ok: [default]',
      'TASK [container-host : Only elsewhere] ***',
      'skipping: [default]',
      'PLAY RECAP *********************',
      'default : ok=2 changed=1 unreachable=0 failed=0',
    );
    expect(outcomes).toEqual([
      ['container-host : Install the packages', 'changed', 2000],
      ['container-host : Set the kernel parameters', 'ok', 2000],
      ['container-host : Only elsewhere', 'skipped', 2000],
    ]);
    expect(events[0]).toEqual({
      type: 'task-started',
      phase: 'provision',
      play: 'Container host',
      task: 'container-host : Install the packages',
    });
  });

  it('counts a loop with one changed item as changed', () => {
    const { outcomes } = fold(
      'TASK [a] ***',
      'ok: [default] => (item=x)',
      'changed: [default] => (item=y)',
      'PLAY RECAP ***',
    );
    expect(outcomes).toEqual([['a', 'changed', 3000]]);
  });

  it('tells what the failing task said: message and standard error, not raw JSON', () => {
    const { failed, outcomes } = fold(
      'PLAY [P] ***',
      'TASK [dcos-master : Run the generator] ***',
      'fatal: [default]: FAILED! => {"changed": true, "msg": "non-zero return code", "rc": 3, "stderr": "no docker\\nno luck", "stdout": ""}',
      'PLAY RECAP ***',
    );
    expect(failed).toEqual({
      play: 'P',
      task: 'dcos-master : Run the generator',
      lines: ['non-zero return code', 'no docker', 'no luck'],
    });
    expect(outcomes[0]?.[1]).toBe('failed');
  });

  it('keeps the text of a failure that is not JSON', () => {
    const { failed } = fold('TASK [t] ***', 'fatal: [default]: FAILED! => {not json', 'PLAY RECAP ***');
    expect(failed?.lines).toEqual(['fatal: [default]: FAILED! => {not json']);
  });

  it('tells an unreachable machine from a failed task', () => {
    const { outcomes } = fold(
      'TASK [t] ***',
      'fatal: [default]: UNREACHABLE! => {"msg": "timed out"}',
      'PLAY RECAP ***',
    );
    expect(outcomes[0]?.[1]).toBe('unreachable');
  });

  it('forgets a failure that the play ignores', () => {
    const { failed, outcomes } = fold(
      'TASK [t] ***',
      'fatal: [default]: FAILED! => {"msg": "no"}',
      '...ignoring',
      'PLAY RECAP ***',
    );
    expect(failed).toBeUndefined();
    expect(outcomes[0]?.[1]).toBe('ignored');
  });

  it('says nothing about lines outside of tasks', () => {
    expect(fold('Executing Ansible: ansible-playbook …', 'ok: [default]').events).toEqual([]);
  });
});

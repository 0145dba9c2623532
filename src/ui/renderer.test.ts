import { describe, expect, it, vi } from 'vitest';
import { Screen } from '../../test/fakes/terminal/screen.ts';
import type { TimedEvent } from '../events.ts';
import { createRenderer, type ProgressMode } from './renderer.ts';

const notice: TimedEvent = { type: 'notice', level: 'info', text: 'a "quoted"\nline', timeMs: 5 };

function shown(
  mode: ProgressMode,
  isTTY: boolean,
  env: NodeJS.ProcessEnv = {},
): { stdout: string; stderr: string } {
  const written = { stdout: '', stderr: '' };
  const renderer = createRenderer(mode, {
    stdout: { write: (text) => (written.stdout += text) },
    stderr: { isTTY, write: (text) => (written.stderr += text) },
    env,
    now: () => 5,
  });
  renderer.listener(notice);
  renderer.close();
  return written;
}

describe('createRenderer', () => {
  it.each<[ProgressMode, boolean, NodeJS.ProcessEnv, 'drawn' | 'plain', string]>([
    ['auto', true, { TERM: 'xterm' }, 'drawn', 'a terminal'],
    ['auto', false, { TERM: 'xterm' }, 'plain', 'a file or a pipe'],
    ['auto', true, { TERM: 'dumb' }, 'plain', 'a terminal that cannot move its cursor'],
    ['plain', true, { TERM: 'xterm' }, 'plain', 'asked for'],
    ['tty', false, {}, 'drawn', 'asked for'],
  ])('%s, isTTY %s, %o: %s (%s)', (mode, isTTY, env, kind) => {
    const { stdout, stderr } = shown(mode, isTTY, env);
    expect(stderr.includes('\r')).toBe(kind === 'drawn');
    expect(stderr.startsWith('[   0.0 s] ')).toBe(kind === 'plain');
    expect(stdout).toBe('');
  });

  it('writes exactly the event as a line of JSON to standard output, and nothing else', () => {
    const { stdout, stderr } = shown('json', true);
    expect(stdout.split('\n')).toEqual([JSON.stringify(notice), '']);
    expect(JSON.parse(stdout)).toEqual(notice);
    expect(stderr).toBe('');
  });

  it('survives a reader that goes away', () => {
    const on = vi.fn();
    const stream = Object.assign(new Screen(), { on });
    createRenderer('plain', { stdout: stream, stderr: stream, env: {}, now: () => 0 }).close();
    expect(on).toHaveBeenCalledWith('error', expect.any(Function));
  });
});

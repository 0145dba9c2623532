import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BuildEvent } from '../events.ts';
import type { Renderer } from './output-stream.ts';
import { createPlainRenderer } from './plain-renderer.ts';

let stdout: string;
let stderr: string;
let renderer: Renderer;

function emit(...events: readonly BuildEvent[]): void {
  for (const event of events) renderer.listener({ ...event, timeMs: Date.now() });
}

const boot = { type: 'phase-started', phase: 'boot', title: 'Boot the machine' } as const;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_700_000_000_000 });
  stdout = '';
  stderr = '';
  renderer = createPlainRenderer({
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    now: Date.now,
  });
});

afterEach(() => {
  renderer.close();
  vi.useRealTimers();
});

describe('plain progress', () => {
  it('is one line an event of interest, with the seconds since the start', () => {
    emit({ type: 'plan-made', rows: [{ label: 'base', value: 'debian-12', why: 'the default' }] }, boot);
    vi.advanceTimersByTime(12_340);
    emit(
      { type: 'phase-finished', phase: 'boot', outcome: 'done', durationMs: 12_340 },
      { type: 'task-started', phase: 'provision', play: 'image', task: 'clean : Remove logs' },
      {
        type: 'task-finished',
        phase: 'provision',
        play: 'image',
        task: 'clean : Remove logs',
        outcome: 'changed',
        durationMs: 2000,
      },
      { type: 'notice', level: 'warning', text: 'no KVM' },
      { type: 'artifact-made', format: 'vdi', file: 'a.vdi', bytes: 1024, virtualBytes: 1, sha256: 'ab' },
    );
    expect(stderr.split('\n')).toEqual([
      'plan',
      '  base  debian-12  (the default)',
      '[   0.0 s] boot: Boot the machine',
      '[  12.3 s] boot: done in 12.3 s',
      '[  12.3 s] ansible: changed: clean : Remove logs (2.0 s)',
      '[  12.3 s] warning: no KVM',
      '[  12.3 s] made a.vdi (vdi, 1 KiB)',
      '',
    ]);
    expect(stdout).toBe('');
  });

  it.each([
    ['failed', 'boot: failed after 1.0 s'],
    ['reused', 'boot: reused (1.0 s)'],
  ] as const)('says that a phase %s', (outcome, text) => {
    emit(boot, { type: 'phase-finished', phase: 'boot', outcome, durationMs: 1000 });
    expect(stderr).toContain(text);
  });

  it('leaves out what is noise here: skipped tasks, output of tools, failures told elsewhere', () => {
    emit(
      { type: 'task-finished', phase: 'provision', play: 'p', task: 't', outcome: 'skipped', durationMs: 1 },
      { type: 'tool-output', tool: 'packer', line: 'x' },
      { type: 'build-failed', code: 'packer-failed', message: 'it broke' },
    );
    expect(stderr).toBe('');
  });

  it('tells of progress by quarters', () => {
    for (let percent = 0; percent <= 100; percent += 1) {
      emit({
        type: 'progress',
        phase: 'convert',
        item: 'vdi',
        fraction: percent / 100,
        doneBytes: 10 * percent,
        totalBytes: 1000,
      });
    }
    expect(stderr.split('\n').map((line) => line.slice(11))).toEqual([
      'convert: vdi 25 % (250 B of 1000 B)',
      'convert: vdi 50 % (500 B of 1000 B)',
      'convert: vdi 75 % (750 B of 1000 B)',
      'convert: vdi 100 % (1000 B of 1000 B)',
      '',
    ]);
  });

  it('breaks a silence of half a minute with what is still running, and never without a phase', () => {
    emit(boot);
    vi.advanceTimersByTime(29_000);
    expect(stderr.split('\n')).toHaveLength(2);
    vi.advanceTimersByTime(31_000);
    expect(stderr.split('\n').slice(1)).toEqual([
      '[  30.0 s] boot: still running after 30 s: Boot the machine',
      '[  60.0 s] boot: still running after 1 min 00 s: Boot the machine',
      '',
    ]);
    emit({ type: 'phase-finished', phase: 'boot', outcome: 'done', durationMs: 60_000 });
    const before = stderr;
    vi.advanceTimersByTime(300_000);
    expect(stderr).toBe(before);
  });

  it('names the Ansible task that takes so long', () => {
    emit(
      { type: 'phase-started', phase: 'provision', title: 'Provision' },
      { type: 'task-started', phase: 'provision', play: 'p', task: 'dcos : Install' },
    );
    vi.advanceTimersByTime(30_000);
    expect(stderr).toContain('provision: still running after 30 s: Provision: dcos : Install');
  });

  it('says nothing any more when it is closed', () => {
    emit(boot);
    renderer.close();
    const before = stderr;
    vi.advanceTimersByTime(300_000);
    expect(stderr).toBe(before);
  });

  it('has no carriage returns and no escape codes, whatever it is told', () => {
    const nasty = '\u001b[31ma\rb\nc\u0007\u001b[2J';
    emit(
      { type: 'plan-made', rows: [{ label: nasty, value: nasty, why: nasty }] },
      { type: 'phase-started', phase: 'boot', title: nasty },
      { type: 'progress', phase: 'boot', item: nasty, fraction: 1 },
      { type: 'task-finished', phase: 'provision', play: nasty, task: nasty, outcome: 'ok', durationMs: 1 },
      { type: 'notice', level: 'info', text: nasty },
      { type: 'artifact-made', format: nasty, file: nasty, bytes: 1, virtualBytes: 1, sha256: 'a' },
      { type: 'build-finished', directory: nasty, artifacts: [], durationMs: 1, login: nasty },
    );
    expect(stdout + stderr).not.toMatch(/[^\P{Cc}\n]/u);
    expect(stderr.trimEnd().split('\n')).toHaveLength(7);
  });

  it('writes the summary to standard output', () => {
    emit({ type: 'build-finished', directory: '/opt/images/x', artifacts: [], durationMs: 65_000 });
    expect(stdout).toBe('finished in 1 min 05 s\n\n  directory  /opt/images/x\n');
    expect(stderr).toBe('');
  });
});

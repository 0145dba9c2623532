import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Screen } from '../../test/fakes/terminal/screen.ts';
import type { BuildEvent } from '../events.ts';
import type { Renderer } from './output-stream.ts';
import { createTtyRenderer } from './tty-renderer.ts';

const ASCII = { LANG: 'C' };

let screen: Screen;
let renderer: Renderer;

function start(env: NodeJS.ProcessEnv = ASCII, columns = 80, rows = 24): void {
  screen = new Screen(columns, rows);
  renderer = createTtyRenderer({ stdout: screen, stderr: screen, env, now: Date.now });
}

function emit(...events: readonly BuildEvent[]): void {
  for (const event of events) renderer.listener({ ...event, timeMs: Date.now() });
}

/** Lets the time pass, with a picture at its end. */
function wait(durationMs: number): void {
  vi.advanceTimersByTime(durationMs);
}

const provision = { type: 'phase-started', phase: 'provision', title: 'Provision' } as const;
const convert = { type: 'phase-started', phase: 'convert', title: 'Convert' } as const;
const progress = (item: string, fraction: number): BuildEvent => ({
  type: 'progress',
  phase: 'convert',
  item,
  fraction,
});

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});

afterEach(() => {
  renderer.close();
  vi.useRealTimers();
});

describe('the terminal', () => {
  it('shows a running phase with a spinner and its time, and leaves one line when it is over', () => {
    start();
    emit(provision);
    expect(screen.text).toMatch(/^\| Provision +0 s$/);
    wait(61_100);
    expect(screen.text).toMatch(/^[|/\\-] Provision +1 min 01 s$/);
    emit({ type: 'phase-finished', phase: 'provision', outcome: 'done', durationMs: 61_100 });
    wait(100);
    expect(screen.text).toMatch(/^\+ Provision +1 min 01 s$/);
  });

  it.each([
    ['failed', /^x Boot +3.0 s {2}failed$/],
    ['reused', /^= Boot +3.0 s {2}reused$/],
  ] as const)('says in words that a phase %s', (outcome, line) => {
    start();
    emit({ type: 'phase-started', phase: 'boot', title: 'Boot' });
    wait(3000);
    emit({ type: 'phase-finished', phase: 'boot', outcome, durationMs: 3000 });
    renderer.close();
    expect(screen.text).toMatch(line);
  });

  it('shows the name of a task that failed, whatever is in it', () => {
    start();
    emit(provision);
    const name = 'Install\u001b[2J\u001b[31m\nthe packages';
    emit({ type: 'task-started', phase: 'provision', play: 'Host', task: name });
    emit({
      ...{ type: 'task-finished', phase: 'provision', play: 'Host', task: name },
      ...{ outcome: 'failed', durationMs: 1 },
    });
    wait(100);
    expect(screen.text.split('\n')[0]).toBe('x failed: Install the packages');
  });

  it('turns the spinner', () => {
    start();
    emit(provision);
    const pictures = new Set<string | undefined>();
    for (let frame = 0; frame < 8; frame += 1) {
      pictures.add(screen.text[0]);
      wait(100);
    }
    expect([...pictures]).toEqual(['|', '/', '-', '\\']);
  });

  it('shows the Ansible task at work with its time', () => {
    start();
    emit(provision, { type: 'task-started', phase: 'provision', play: 'image', task: 'clean : Remove logs' });
    wait(12_000);
    expect(screen.text.split('\n')[1]).toBe('    clean : Remove logs  12 s');
    emit({
      type: 'task-finished',
      phase: 'provision',
      play: 'image',
      task: 'clean : Remove logs',
      outcome: 'ok',
      durationMs: 12_000,
    });
    wait(100);
    expect(screen.text).not.toContain('Remove logs');
  });

  it('leaves the line of a failed task standing', () => {
    start();
    emit(provision);
    emit({
      type: 'task-finished',
      phase: 'provision',
      play: 'image',
      task: 'dcos : Install',
      outcome: 'failed',
      durationMs: 5,
    });
    renderer.close();
    expect(screen.text).toBe('x failed: dcos : Install');
  });

  it('shows a bar an item, several at once, with bytes, speed and the time that is left', () => {
    start();
    emit(convert, progress('vdi', 0), progress('vhdx', 1));
    wait(10_000);
    emit({ ...progress('vdi', 0.5), doneBytes: 2 ** 29, totalBytes: 2 ** 30 } as BuildEvent);
    wait(200);
    expect(screen.text.split('\n').slice(1)).toEqual([
      '    vdi   ##########..........   50 %  512 MiB of 1 GiB  50.2 MiB/s  10 s left',
      '    vhdx  ##############################  100 %',
    ]);
  });

  it('shows what is unfinished when there are too many items', () => {
    start();
    emit(
      convert,
      ...Array.from({ length: 12 }, (_, index) => progress(`item ${index}`, index < 6 ? 1 : 0.5)),
    );
    wait(100);
    const lines = screen.text.split('\n').slice(1);
    expect(lines.map((line) => line.trim().slice(0, 7).trim())).toEqual(
      [6, 7, 8, 9, 10, 11].map((index) => `item ${index}`),
    );
  });

  it('keeps notices above what runs', () => {
    start();
    emit(provision, { type: 'notice', level: 'warning', text: 'no KVM here' });
    wait(100);
    expect(screen.text).toMatch(/^! warning: no KVM here\n\/ Provision +0 s$/);
  });

  it('shows the time in all from the second phase on', () => {
    start();
    emit(provision);
    wait(5000);
    emit({ type: 'phase-finished', phase: 'provision', outcome: 'done', durationMs: 5000 }, convert);
    wait(1000);
    expect(screen.text.split('\n').map((line) => line.trim().replaceAll(/ +/g, ' '))).toEqual([
      '+ Provision 5.0 s',
      expect.stringMatching(/^. Convert 1 s$/),
      '6 s in all',
    ]);
  });

  it('aligns the plan', () => {
    start();
    emit({
      type: 'plan-made',
      rows: [
        { label: 'base', value: 'debian-12', why: 'BASE_IMAGE is not set' },
        { label: 'accelerator', value: 'tcg', why: 'KVM hangs' },
        { label: 'images', value: '/opt/images/a/long/path' },
      ],
    });
    expect(screen.text).toBe(
      [
        'base         debian-12  (BASE_IMAGE is not set)',
        'accelerator  tcg        (KVM hangs)',
        'images       /opt/images/a/long/path',
      ].join('\n'),
    );
  });

  it('ends with a summary', () => {
    start();
    emit(convert);
    wait(2000);
    emit(
      { type: 'phase-finished', phase: 'convert', outcome: 'done', durationMs: 2000 },
      {
        type: 'build-finished',
        directory: '/opt/images/20260102-030405',
        artifacts: [
          { format: 'vdi', file: 'coreos.vdi', bytes: 512 * 2 ** 20, virtualBytes: 2 ** 33, sha256: 'ab' },
        ],
        durationMs: 2000,
        login: 'ssh -i key core@ADDRESS',
      },
    );
    expect(screen.text).toBe(
      [
        '+ Convert                                   2.0 s',
        '',
        'finished in 2.0 s',
        '',
        '  phase     time',
        '  Convert  2.0 s',
        '',
        '  format  file           size   disk',
        '  vdi     coreos.vdi  512 MiB  8 GiB',
        '',
        '  directory  /opt/images/20260102-030405',
        '  log in     ssh -i key core@ADDRESS',
      ].join('\n'),
    );
    expect(screen.isCursorVisible).toBe(true);
  });

  it('draws at most ten times a second, however much happens', () => {
    start();
    emit(convert);
    for (let step = 0; step < 1000; step += 1) {
      wait(1);
      emit(progress('vdi', step / 1000));
    }
    expect(screen.writeCount).toBeLessThanOrEqual(11);
    expect(screen.text).toMatch(/9\d %/);
  });

  it('writes nothing while nothing changes', () => {
    start();
    emit({ type: 'notice', level: 'info', text: 'hello' });
    const { writeCount } = screen;
    wait(10_000);
    expect(screen.writeCount).toBe(writeCount);
  });

  it('cuts lines that are too long, and text that would break the picture', () => {
    start(ASCII, 30);
    emit(provision, {
      type: 'task-started',
      phase: 'provision',
      play: 'p',
      task: `\u001b[31mrole : line one\nline two ${'x'.repeat(99)}`,
    });
    wait(100);
    const lines = screen.text.split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[1]).toBe('    role : line one line t...');
  });

  it('follows a terminal that is made narrower and wider again', () => {
    start();
    emit(
      { type: 'notice', level: 'info', text: 'above' },
      convert,
      progress('vdi', 0.1),
      progress('vhd', 0.1),
    );
    wait(1000);
    for (const columns of [30, 20, 100]) {
      screen.resize(columns);
      wait(100);
      const lines = screen.text.split('\n');
      expect(lines.map((line) => line.trim().split(' ')[0])).toEqual(['-', expect.any(String), 'vdi', 'vhd']);
    }
  });

  it('stays within a low terminal', () => {
    start(ASCII, 80, 4);
    emit(convert, ...['a', 'b', 'c', 'd', 'e'].map((item) => progress(item, 0.5)));
    for (let frame = 0; frame < 20; frame += 1) wait(100);
    renderer.close();
    expect(screen.text).toBe('');
  });

  it('hides the cursor only while it draws', () => {
    start();
    emit({ type: 'notice', level: 'info', text: 'hello' });
    expect(screen.isCursorVisible).toBe(true);
    emit(provision);
    wait(100);
    expect(screen.isCursorVisible).toBe(false);
    renderer.close();
    expect(screen.isCursorVisible).toBe(true);
  });

  it('leaves nothing half-drawn behind when it is closed in the middle', () => {
    start();
    emit(convert, progress('vdi', 0.5), { type: 'notice', level: 'info', text: 'last words' });
    renderer.close();
    expect(screen.text).toBe('- last words');
    wait(1000);
    expect(screen.text).toBe('- last words');
  });

  it('keeps a failure for the one who ends the program, so that it is told once', () => {
    start();
    emit({ type: 'build-failed', code: 'packer-failed', message: 'it broke' });
    renderer.close();
    expect(screen.text).toBe('');
  });

  it.each<[NodeJS.ProcessEnv, boolean, string]>([
    [{ LANG: 'C' }, true, 'colour by default'],
    [{ LANG: 'C', NO_COLOR: '1' }, false, 'not for a user who minds'],
    [{ LANG: 'C', TERM: 'dumb' }, false, 'not for a terminal that cannot'],
  ])('with %o has colour: %s (%s)', (env, hasColour) => {
    start(env);
    const write = vi.spyOn(screen, 'write');
    emit(provision);
    expect(write.mock.calls.join('').includes('\u001b[36m')).toBe(hasColour);
  });
});

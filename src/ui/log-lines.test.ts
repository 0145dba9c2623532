import { expect, it } from 'vitest';
import type { BuildEvent } from '../events.ts';
import { createLogFormatter } from './log-lines.ts';

function logOf(...events: readonly BuildEvent[]): string[] {
  const format = createLogFormatter();
  return events.flatMap((event) => format({ ...event, timeMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678) }));
}

const artifact = { format: 'vdi', file: 'a.vdi', bytes: 1024, virtualBytes: 2048, sha256: 'abcd' };

it.each<[BuildEvent, string[]]>([
  [
    { type: 'plan-made', rows: [{ label: 'base', value: 'debian-12', why: 'default' }] },
    ['plan: base  debian-12  (default)'],
  ],
  [{ type: 'phase-started', phase: 'boot', title: 'Boot' }, ['boot: Boot']],
  [{ type: 'phase-finished', phase: 'boot', outcome: 'done', durationMs: 1500 }, ['boot: done in 1.5 s']],
  [{ type: 'progress', phase: 'convert', item: 'vdi', fraction: 0.01 }, []],
  [{ type: 'progress', phase: 'convert', item: 'vdi', fraction: 0.25 }, ['convert: vdi 25 %']],
  [
    { type: 'task-started', phase: 'provision', play: 'image', task: 'clean : Logs' },
    ['ansible: image: clean : Logs'],
  ],
  [
    {
      type: 'task-finished',
      phase: 'provision',
      play: 'image',
      task: 'clean : Logs',
      outcome: 'skipped',
      durationMs: 100,
    },
    ['ansible: skipped: clean : Logs (0.1 s)'],
  ],
  [{ type: 'notice', level: 'info', text: 'hello' }, ['hello']],
  [
    { type: 'tool-output', tool: 'packer', line: '\u001b[32mone\u001b[0m\ntwo' },
    ['packer> one', 'packer> two'],
  ],
  [{ type: 'artifact-made', ...artifact }, ['made a.vdi (vdi, 1 KiB), sha256 abcd']],
  [
    { type: 'build-finished', directory: '/x', artifacts: [artifact], durationMs: 1000 },
    ['finished in 1.0 s: /x'],
  ],
  [
    {
      type: 'build-failed',
      code: 'packer-failed',
      message: 'it broke',
      tail: ['last line'],
      hint: 'mend it',
    },
    ['failed (packer-failed): it broke', '  | last line', 'hint: mend it'],
  ],
])('%j is logged', (event, lines) => {
  expect(logOf(event)).toEqual(lines.map((line) => `2026-01-02T03:04:05.678Z ${line}`));
});

it('keeps of progress only the quarters, in every run of a phase', () => {
  const run: BuildEvent[] = [
    { type: 'phase-started', phase: 'convert', title: 'Convert' },
    ...Array.from(
      { length: 101 },
      (_, percent): BuildEvent => ({
        type: 'progress',
        phase: 'convert',
        item: 'vdi',
        fraction: percent / 100,
      }),
    ),
  ];
  expect(logOf(...run, ...run)).toHaveLength(10);
});

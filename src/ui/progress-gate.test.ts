import { describe, expect, it } from 'vitest';
import type { Phase } from '../events.ts';
import { ProgressGate } from './progress-gate.ts';

function admitted(...steps: readonly [timeMs: number, fraction: number, item?: string][]): number[] {
  const gate = new ProgressGate();
  return steps
    .filter(([timeMs, fraction, item = 'vdi']) =>
      gate.admits({ type: 'progress', phase: 'convert', item, fraction }, timeMs),
    )
    .map(([, fraction]) => fraction);
}

describe('ProgressGate', () => {
  it('lets each quarter through, once', () => {
    const steps = Array.from({ length: 101 }, (_, percent): [number, number] => [percent, percent / 100]);
    expect(admitted(...steps)).toEqual([0.25, 0.5, 0.75, 1]);
  });

  it('lets one through every ten seconds when it is slow', () => {
    expect(admitted([0, 0], [9_999, 0.01], [10_000, 0.02], [15_000, 0.03], [20_001, 0.04])).toEqual([
      0.02, 0.04,
    ]);
  });

  it('lets the end through once, however late it is repeated', () => {
    expect(admitted([0, 1], [1, 1], [60_000, 1])).toEqual([1]);
  });

  it('judges each item by itself', () => {
    expect(admitted([0, 0.5, 'vdi'], [1, 0.5, 'vhd'], [2, 0.5, 'vdi'])).toEqual([0.5, 0.5]);
  });

  it('starts again with an item that went back', () => {
    expect(admitted([0, 0.5], [1, 0], [2, 0.25])).toEqual([0.5, 0.25]);
  });

  it('forgets the items of a phase that is run again', () => {
    const gate = new ProgressGate();
    const half = (phase: Phase) => ({ type: 'progress', phase, item: 'x', fraction: 0.5 }) as const;
    expect(gate.admits(half('base'), 0)).toBe(true);
    expect(gate.admits(half('convert'), 0)).toBe(true);
    gate.forget('base');
    expect(gate.admits(half('base'), 1)).toBe(true);
    expect(gate.admits(half('convert'), 1)).toBe(false);
  });
});

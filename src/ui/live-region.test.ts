import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Screen } from '../../test/fakes/terminal/screen.ts';
import { LiveRegion } from './live-region.ts';

const shortLine = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 8 });
const anyLine = fc.string({ unit: fc.constantFrom('x', 'y', 'z'), minLength: 1, maxLength: 60 });
const step = fc.record({
  above: fc.array(shortLine, { maxLength: 3 }),
  live: fc.array(anyLine, { maxLength: 4 }),
  resizeTo: fc.option(fc.integer({ min: 10, max: 70 }), { nil: undefined }),
});

it('shows every permanent line once, then the live lines, whatever came before and however wide the terminal is', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const screen = new Screen(40, 50);
      const region = new LiveRegion(screen, { colour: true, ellipsis: '~' });
      const permanent: string[] = [];
      for (const { above, live, resizeTo } of steps) {
        if (resizeTo !== undefined) screen.resize(resizeTo);
        region.update(
          above.map((text) => [text]),
          live.map((text) => [{ text, style: 'red' }]),
        );
        permanent.push(...above);
        const room = screen.columns - 1;
        const cut = live.map((text) => (text.length <= room ? text : `${text.slice(0, room - 1)}~`));
        expect(screen.text).toBe([...permanent, ...cut].join('\n'));
      }
      region.clear();
      expect(screen.text).toBe(permanent.join('\n'));
      expect(screen.isCursorVisible).toBe(true);
    }),
  );
});

it('lets a long permanent line wrap instead of cutting it', () => {
  const screen = new Screen(10, 24);
  const region = new LiveRegion(screen, { colour: false, ellipsis: '~' });
  region.update([], [['one'], ['two'], ['three']]);
  region.update([['0123456789abcdef']], [['live']]);
  expect(screen.text).toBe('0123456789\nabcdef\nlive');
});

import { expect, it } from 'vitest';
import { planBoots } from './boot-plan.ts';

const GIB = 1024 ** 3;

it.each([
  ['four boots on two cores: two at once, a core each', 4, { cpus: 2, freeMemoryBytes: 20 * GIB }, [2, 1]],
  [
    'two boots on eight cores: both, and no more than what helps',
    2,
    { cpus: 8, freeMemoryBytes: 20 * GIB },
    [2, 4],
  ],
  ['memory for one machine alone', 4, { cpus: 8, freeMemoryBytes: 4 * GIB }, [1, 4]],
  ['no memory to speak of: one all the same', 4, { cpus: 1, freeMemoryBytes: 0 }, [1, 1]],
])('%s', (_what, boots, host, [atOnce, cpusEach]) => {
  expect(planBoots(boots, 2 * GIB, 'tcg', host)).toEqual({ atOnce, cpusEach });
});

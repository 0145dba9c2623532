import { expect, it } from 'vitest';
import { judgeDistinct } from './distinct.ts';
import { parseFacts } from './guest-facts.ts';

const machine = (id: string, ...hostKeys: string[]): ReturnType<typeof parseFacts> =>
  parseFacts([`machine-id\t${id}`, ...hostKeys.map((key) => `host-key\tssh-ed25519 ${key}`)].join('\n'));

it('has nothing to say of the first machine', () => {
  expect(judgeDistinct(machine('a', 'k'), [])).toEqual([]);
});

it('finds a machine-id or a host key that an earlier machine had', () => {
  const earlier = [machine('a', 'k1', 'k2'), machine('b', 'k3')];
  expect(judgeDistinct(machine('c', 'k4'), earlier)).toMatchObject([{ outcome: 'ok' }]);
  expect(judgeDistinct(machine('b', 'k4'), earlier)).toMatchObject([
    { outcome: 'failed', detail: 'another one has the same machine-id' },
  ]);
  expect(judgeDistinct(machine('a', 'k9', 'k3'), earlier)).toMatchObject([
    { outcome: 'failed', detail: 'another one has the same machine-id and host-key' },
  ]);
});

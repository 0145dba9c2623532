import { expect, it } from 'vitest';
import { isEstablished, parseForwardedPort } from './forwarded-port.ts';

/** As QEMU 7.2 prints it. */
const TABLE = [
  'Hub -1 (net):',
  '  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ',
  '  TCP[ESTABLISHED]   19       127.0.0.1 41011       10.0.2.15    22     0     0',
  '  TCP[SYN_SENT]      17       127.0.0.1 41012       10.0.2.15    22     0     0',
  '  TCP[HOST_FORWARD]  12       127.0.0.1 41011       10.0.2.15    22     0     0',
  '  UDP[236 sec]       23       10.0.2.15 40000        10.0.2.3    53     0     0',
].join('\r\n');

it("finds the host's port that leads to a port of the guest", () => {
  expect(parseForwardedPort(TABLE, 22)).toBe(41011);
  expect(parseForwardedPort(TABLE, 80)).toBeUndefined();
});

it('tells a connection that got through from one that waits', () => {
  expect(isEstablished(TABLE, 41011)).toBe(true);
  expect(isEstablished(TABLE, 41012)).toBe(false);
  expect(isEstablished(TABLE, 22)).toBe(false);
});

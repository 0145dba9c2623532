import { describe, expect, it } from 'vitest';
import { diagnose, finalSymptom, lastLines } from './diagnose.ts';

const INITRAMFS = 'ALERT!  LABEL=ROOT does not exist.  Dropping to a shell!\r\n(initramfs) ';
const LOGIN = 'Debian GNU/Linux 12 host ttyS0\r\n\r\nhost login: ';
const RENAMED = [
  'ci-info: +--------+-------+-----------+',
  'ci-info: | Device |   Up  |  Address  |',
  'ci-info: |   lo   |  True | 127.0.0.1 |',
  'ci-info: | enp0s2 | False |     .     |',
].join('\r\n');

describe('what the console says names the cause', () => {
  it.each([
    [INITRAMFS, /^no root device: LABEL=ROOT did not appear; the initramfs lacks the driver/],
    [
      'dracut: Warning: /dev/disk/by-label/ROOT does not exist',
      /^no root device: \/dev\/disk\/by-label\/ROOT/,
    ],
    [
      'VFS: Cannot open root device "sda1"\r\nKernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)',
      /^no root device: the kernel lacks the driver/,
    ],
    [
      '[ 1.0] Kernel panic - not syncing: No working init found.  Try passing',
      /^kernel panic: No working init found/,
    ],
    ['You are in emergency mode. After logging in', /^the system stopped in emergency mode/],
    [
      'error: no such device: 1234-ABCD.\r\nEntering rescue mode...\r\ngrub rescue> ',
      /^the boot loader did not find its files/,
    ],
    ['BdsDxe: No bootable option or device was found.', /^no boot loader for UEFI/],
  ])('%s', (serial, cause) => {
    expect(finalSymptom(serial, '')).toMatch(cause);
    expect(diagnose(serial, '')).toMatch(cause);
  });

  it('reads what the BIOS says, which no console shows', () => {
    expect(
      finalSymptom('', 'Booting from Hard Disk...\nNo bootable device.  Retrying in 60 seconds.'),
    ).toMatch(/^no boot loader: /);
  });
});

it('goes on waiting where the machine may come back', () => {
  const waiting = '[ TIME ] Timed out waiting for device dev-disk-by\\x2dlabel-DATA.device.';
  expect(finalSymptom(waiting, '')).toBeUndefined();
  expect(diagnose(waiting, '')).toMatch(/dev-disk.* did not appear/);
  expect(finalSymptom('a.service: Warning: /etc/a.conf does not exist', '')).toBeUndefined();
  expect(finalSymptom(`error: no such device: X.\r\n${LOGIN}`, '')).toBeUndefined();
});

it('tells a boot sector that hangs from a firmware that found none', () => {
  const handedOver = 'Booting from Hard Disk...\nBooting from 0000:7c00';
  expect(finalSymptom('', handedOver)).toBeUndefined();
  expect(diagnose('', handedOver)).toMatch(/^the boot sector was started, and said nothing/);
});

it('names a system that still waits for its network', () => {
  const waiting = '[  *** ] Job systemd-networkd-wait-online.se…start running (1min 1s / no limit)';
  expect(finalSymptom(waiting, '')).toBeUndefined();
  expect(diagnose(waiting, '')).toMatch(/^no network: the system waits for it/);
});

it('shows the last lines of a console without those that only count the time', () => {
  const counting = [1, 2, 3].map((second) => `[ *** ] Job x.service start running (${second}s / no limit)`);
  expect(lastLines(['boot', '', ...counting, 'end'].join('\r\n'))).toEqual(['boot', counting[0], 'end']);
});

it.each([
  ['an interface of another name', `${RENAMED}\r\n${LOGIN}`, undefined, /^no network on eth0: .* enp0s2$/],
  ['a system that is up without network', LOGIN, undefined, /^no network: the system is up/],
  ['silence', ' \r\n', undefined, /^nothing started: /],
  ['slowness', '[    1.2] Linux version 6.1', undefined, /^it did not get as far as ssh/],
  ["a machine's last words", '', 'qemu-system-x86_64: no room', /^qemu-system-x86_64: no room/],
])('without such words guesses from how far it came: %s', (_what, serial, lastWords, cause) => {
  expect(diagnose(serial, '', lastWords)).toMatch(cause);
});

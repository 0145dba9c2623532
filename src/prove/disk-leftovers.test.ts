import { describe, expect, it } from 'vitest';
import { isLeftover } from './disk-leftovers.ts';

const HOMES = ['/root', '/home/core'];
const found = (path: string, sizeBytes = 1): boolean => isLeftover({ path, type: 'file', sizeBytes }, HOMES);

describe('what no image should have', () => {
  it.each([
    '/var/log/auth.log',
    '/var/log/wtmp',
    '/var/log/journal/0123456789abcdef0123456789abcdef/system.journal',
    '/var/lib/dhcp/dhclient.eth0.leases',
    '/var/lib/NetworkManager/internal-1-eth0.lease',
    '/var/lib/cloud/data/instance-id',
    '/tmp/x',
    '/var/tmp/a/b',
    '/root/.bash_history',
    '/home/core/.ansible/tmp/x',
    '/home/core/.aws/credentials',
    '/root/.docker/config.json',
    '/root/.netrc',
    '/root/.kube/config',
    '/root/.ssh/id_ed25519',
    '/home/core/.ssh/deploy',
  ])('%s', (path) => {
    expect(found(path)).toBe(true);
  });
});

describe('what an image may have', () => {
  it.each([
    '/var/lib/NetworkManager/NetworkManager.state',
    '/var/lib/logrotate/status',
    '/usr/share/doc/.netrc',
    '/root/.bashrc',
    '/root/.ssh/authorized_keys',
    '/root/.ssh/authorized_keys.d/one',
    '/root/.ssh/known_hosts',
    '/root/.ssh/config',
    '/root/.ssh/id_ed25519.pub',
    '/home/somebody/.bash_history',
    '/rooted/.netrc',
  ])('%s', (path) => {
    expect(found(path)).toBe(false);
  });

  it('a log and a history with nothing in them', () => {
    expect(found('/var/log/btmp', 0)).toBe(false);
    expect(found('/root/.bash_history', 0)).toBe(false);
    expect(found('/var/tmp/empty', 0)).toBe(true);
  });

  it('folders and links', () => {
    expect(isLeftover({ path: '/var/log/journal', type: 'folder', sizeBytes: 0 }, HOMES)).toBe(false);
    expect(isLeftover({ path: '/var/tmp/link', type: 'link', sizeBytes: 0 }, HOMES)).toBe(false);
  });
});

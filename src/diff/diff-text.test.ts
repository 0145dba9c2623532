import { describe, expect, it } from 'vitest';
import type { FileFacts } from './compare-files.ts';
import { differences } from './compare-files.ts';
import { diffLines } from './diff-text.ts';
import type { ImageDiff } from './image-diff.ts';

const FILE: FileFacts = { type: 'file', mode: 0o644, uid: 0, gid: 0, sizeBytes: 1200 };
const NOTHING = { added: [], removed: [], changed: [] };

const SAME: ImageDiff = {
  before: { image: '/images/20261101-101010/host.qcow2', system: 'Debian GNU/Linux 12 (bookworm)' },
  after: { image: '/images/latest/host.qcow2', system: 'Debian GNU/Linux 12 (bookworm)' },
  packages: NOTHING,
  units: NOTHING,
  files: NOTHING,
  sizes: [{ of: 'qcow2', beforeBytes: 1024 ** 3, afterBytes: 1024 ** 3 }],
  notes: [],
};

describe('the text about two images', () => {
  it('has a section for each sort of difference, and a line for each', () => {
    const diff: ImageDiff = {
      ...SAME,
      packages: {
        added: [{ name: 'docker.io', version: '20.10.24', architecture: 'amd64' }],
        removed: [{ name: 'nano', version: '7.2', architecture: 'amd64' }],
        changed: [{ name: 'bash', architecture: 'amd64', before: '5.1', after: '5.2' }],
      },
      units: { ...NOTHING, changed: [{ name: 'ssh.service', before: 'off', after: 'enabled' }] },
      files: {
        added: [{ path: '/usr/bin/docker', ...FILE, sizeBytes: 2048 }],
        removed: [],
        changed: [
          {
            path: '/etc/hosts',
            differs: ['mode', 'owner', 'content'],
            before: FILE,
            after: { ...FILE, mode: 0o4755, uid: 7, gid: 8, sizeBytes: 1024 },
          },
        ],
      },
      sizes: [
        { of: 'qcow2', beforeBytes: 1024 ** 3, afterBytes: 1024 ** 3 + 1024 ** 2 },
        { of: 'vdi', afterBytes: 1024 ** 3 },
      ],
      notes: ['/x: it has no list of packages'],
    };
    expect(diffLines(diff).join('\n')).toBe(`\
before  /images/20261101-101010/host.qcow2  Debian GNU/Linux 12 (bookworm)
after   /images/latest/host.qcow2           Debian GNU/Linux 12 (bookworm)

packages: 1 removed, 1 added, 1 changed
  -  nano       7.2
  +  docker.io  20.10.24
  ~  bash       5.1 -> 5.2

units: 1 changed
  ~  ssh.service  off -> enabled

files: 1 added, 1 changed
  ~  /etc/hosts       mode 0644 -> 4755, owner 0:0 -> 7:8, content 1.2 KiB -> 1 KiB
  +  /usr/bin/docker  2 KiB

sizes
  qcow2  1 GiB  1.0 GiB  +1 MiB
  vdi        -    1 GiB

note: /x: it has no list of packages`);
  });

  it('says so when nothing differs', () => {
    expect(diffLines(SAME).slice(2)).toEqual([
      '',
      'sizes',
      '  qcow2  1 GiB  1 GiB',
      '',
      'nothing inside of the two differs',
    ]);
  });

  it('is safe to show, whatever files are called', () => {
    const files = { ...NOTHING, added: [{ path: '/\u001b[2Jevil\n~', ...FILE }] };
    expect(diffLines({ ...SAME, files }).find((line) => line.includes('evil'))).toBe('  +  /evil ~  1.2 KiB');
  });
});

describe('two names of one path', () => {
  it.each([
    [{ sha256: 'a' }, { sha256: 'b' }, ['content']],
    [{ sizeBytes: 1 }, {}, ['content']],
    [{ mode: 0o600 }, { gid: 5 }, ['mode', 'owner']],
    [{ type: 'link', target: 'a', mode: 0 }, { type: 'link', target: 'b' }, ['target']],
    [{ type: 'folder', mode: 0o755, uid: 9 }, {}, ['type']],
    [{ type: 'character-device', device: '1:3' }, { type: 'character-device', device: '1:5' }, ['device']],
    [{}, {}, []],
  ] as const)('%o and %o', (before, after, differs) => {
    expect(differences({ ...FILE, ...before }, { ...FILE, ...after })).toEqual(differs);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DigestedFile } from '../layers/file-inputs.ts';
import { distinctSources, sourceDependencies, sourceName } from './source-dependencies.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const file = (name: string, sha256: string | undefined = A, path = `/p/${name}`): DigestedFile => ({
  ...{ name, path, mode: 0o644, sha256 },
});

describe('what a build read', () => {
  it('has each role as one folder, and other files by themselves', () => {
    const files = [
      file('playbook site.yml'),
      file('role web: tasks/main.yml', B),
      file('role web: files/a: b'),
      file('role db: tasks/main.yml'),
    ];
    expect(sourceDependencies(distinctSources(files))).toEqual([
      { name: 'playbook site.yml', digest: { sha256: A } },
      {
        name: 'role db',
        digest: { dirHash: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
        annotations: { files: ['tasks/main.yml'] },
      },
      {
        name: 'role web',
        digest: { dirHash: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
        annotations: { files: ['files/a: b', 'tasks/main.yml'] },
      },
    ]);
  });

  it('has the digest of a folder that in-toto specifies, as its own example shows', () => {
    const files = [
      ['README.md', '3a137eef6458bfb76bb2c63fc29ffc7166604d2d2e09ed9d8250a534122a8364'],
      ['go.mod', '28e7c942a036902d981759d0bf5704d2bfc7cb500caf68b84711b234af01c6a5'],
      ['main.go', 'ddc4da627d9a9f45fb29641a1b185d6f53287ecfd921aacbf4fe54b7a86fe8d1'],
    ].map(([path = '', sha256]) =>
      file(`role r: github.com/marklodato/go-hello-world@v0.0.1/${path}`, sha256),
    );
    const [role] = sourceDependencies(files);
    expect(role?.digest).toEqual({
      dirHash: '2a1bb6127fb481c60f67692e22285fb306f3c6ffe62075e0ccf674d7c3adcb8f',
    });
  });

  it('has the same digest of a role whatever the order of its files', () => {
    const files = ['tasks/main.yml', 'Z', 'a', 'é', 'files/x'].map((name) => file(`role r: ${name}`));
    fc.assert(
      fc.property(fc.shuffledSubarray(files, { minLength: files.length }), (shuffled) => {
        expect(sourceDependencies(shuffled)).toEqual(sourceDependencies(files));
      }),
    );
  });

  it('has a file once, without folders, and nothing of one that holds a password', () => {
    const files = [
      file('file vault.txt', A, '/p/vault'),
      file('password file vault.txt', A, '/p/vault'),
      file('role r: tasks/main.yml', A, '/p/r'),
      file('file main.yml', A, '/p/r'),
      { ...file('file etc'), sha256: undefined },
    ];
    expect(distinctSources(files).map(({ name }) => name)).toEqual(['role r: tasks/main.yml']);
  });

  it('calls a file of a role by the role', () => {
    expect(['role ns.c.web: vars/main.yml', 'ansible.cfg'].map((name) => sourceName({ name }))).toEqual([
      'role ns.c.web',
      'ansible.cfg',
    ]);
  });
});

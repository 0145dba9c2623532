import { describe, expect, it } from 'vitest';
import { publicAddress } from './git-checkouts.ts';

describe('the address of a repository', () => {
  it.each([
    ['https://git.example.org/team/roles.git', 'git+https://git.example.org/team/roles.git'],
    ['https://user:token@Git.Example.org/roles?x=1#y', 'git+https://git.example.org/roles'],
    ['HTTP://git.example.org:8080/roles', 'git+http://git.example.org:8080/roles'],
    ['ssh://git@Git.example.org:2222/roles.git', 'git+ssh://git.example.org:2222/roles.git'],
    ['git@git.example.org:team/roles.git', 'git+ssh://git.example.org/team/roles.git'],
    ['git.example.org:roles', 'git+ssh://git.example.org/roles'],
    ['git@git.example.org:/srv/roles.git', 'git+ssh://git.example.org/srv/roles.git'],
    ['/srv/git/roles.git', undefined],
    ['../roles', undefined],
    ['file:///srv/git/roles.git', undefined],
    ['ext::sh -c whatever', undefined],
    ['', undefined],
  ])('%j is told as %j', (remote, told) => {
    expect(publicAddress(remote)).toBe(told);
  });
});

import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { playbookReads } from './playbook-reads.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const ANSIBLE = join(REPOSITORY, 'ansible');
/** Stands for a DC/OS installer and for an archive of Python. */
const GIVEN = import.meta.filename;

/** The roles and the other names that a playbook of the project reads, as the program runs it. */
async function readsOf(playbook: string, variables: object): Promise<readonly string[]> {
  const { files, unknown } = await playbookReads(join(ANSIBLE, playbook), {
    cwd: dirname(REPOSITORY),
    env: { HOME: '/nowhere', ANSIBLE_CONFIG: join(ANSIBLE, 'ansible.cfg') },
    arguments: ['-e', 'ansible_python_interpreter=/usr/bin/python3', '-e', JSON.stringify(variables)],
  });
  expect(unknown).toEqual([]);
  return [...new Set(files.map(({ name }) => name.replace(/^(role [^:]+): .*$/, '$1')))];
}

const DCOS = { dcos_installer: GIVEN, container_host_cgroup_v1: true };

it.each<[playbook: string, variables: object, names: readonly string[]]>([
  ['python.yml', {}, ['role python']],
  ['python.yml', { python_archive: GIVEN, python_archive_sha256: 'x' }, [`file ${GIVEN}`, 'role python']],
  ['container-host.yml', {}, ['role base-facts', 'role container-host', 'role lay-files']],
  [
    'dcos-bootstrap.yml',
    DCOS,
    [
      `file ${GIVEN}`,
      ...['base-facts', 'container-host', 'dcos-master', 'dcos-node', 'dcos-slave', 'lay-files'].map(
        (role) => `role ${role}`,
      ),
    ],
  ],
  ['generalise.yml', {}, ['role base-facts', 'role generalise', 'role lay-files']],
  ['convert-images.yml', { convert_images_source: GIVEN }, ['role convert-images']],
])('all that %s reads is known, with %j', async (playbook, variables, names) => {
  expect(await readsOf(playbook, variables)).toEqual(
    ['ansible.cfg', `playbook ${playbook}`, ...names].sort(),
  );
});

it('an installer at an address is no file', async () => {
  const names = await readsOf('dcos-bootstrap.yml', {
    ...DCOS,
    dcos_installer: 'https://example.org/dcos.sh',
  });
  expect(names.filter((name) => name.startsWith('file '))).toEqual([]);
});

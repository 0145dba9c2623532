import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TemplateSection } from '../packer/template.ts';
import { templateValues } from '../packer/template-values.ts';
import { FileDigests } from '../system/file-digests.ts';
import { inputChanges, type LayerInput } from './layer.ts';
import { provisionerInputs } from './provisioner-inputs.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inputs-test-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function write(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return path;
}

interface World {
  readonly variables?: Record<string, string>;
  readonly secrets?: readonly string[];
  readonly env?: Record<string, string>;
}

async function inputsOf(section: TemplateSection, { variables = {}, secrets = [], env = {} }: World = {}) {
  const template = { builders: [{ type: 'qemu' }], variables, 'sensitive-variables': secrets };
  const found = await provisionerInputs(section, {
    values: templateValues(template, {}, { env, templateFolder: folder }),
    env,
    cwd: folder,
    ansibleVersion: '2.14.18',
    digests: await FileDigests.open(join(folder, 'digests.json')),
    salt: 'salt',
    places: [[folder, '<here>']],
  });
  return found.inputs;
}

/** What a change of the world does to the inputs of a provisioner. */
async function changesOf(
  section: TemplateSection,
  change: () => Promise<unknown>,
  before: World = {},
  after: World = before,
): Promise<string[]> {
  const old: readonly LayerInput[] = await inputsOf(section, before);
  await change();
  return inputChanges(old, await inputsOf(section, after));
}
const nothing = (): Promise<void> => Promise.resolve();

describe('what decides about a provisioner', () => {
  it('is the content of its scripts', async () => {
    await write('a.sh', 'true');
    const section = { type: 'shell', scripts: ['a.sh', '{{template_dir}}/b.sh'] };
    await write('b.sh', 'true');
    expect(await changesOf(section, () => write('b.sh', 'false'))).toEqual(['file b.sh changed']);
  });

  it('is the mode of a script', async () => {
    const path = await write('a.sh', 'true');
    expect(await changesOf({ type: 'shell', script: 'a.sh' }, () => chmod(path, 0o755))).toEqual([
      'file a.sh changed',
    ]);
  });

  it('is every file of an uploaded folder', async () => {
    await write('etc/a/b', '1');
    const section = { type: 'file', source: 'etc', destination: '/' };
    expect(await changesOf(section, () => write('etc/a/c', '1'))).toEqual(['file etc: a/c is new']);
  });

  it('is every folder in an uploaded one: it is made in the guest, with its mode, also when it is empty', async () => {
    await write('etc/a/b', '1');
    const section = { type: 'file', source: 'etc', destination: '/' };
    expect(await changesOf(section, () => mkdir(join(folder, 'etc/empty')))).toEqual([
      'file etc: empty is new',
    ]);
    expect(await changesOf(section, () => chmod(join(folder, 'etc/a'), 0o700))).toEqual([
      'file etc: a changed',
    ]);
  });

  it('is what a link in an uploaded folder leads to, once around', async () => {
    await write('etc/a/b', '1');
    await write('far/c', '1');
    await symlink('../far', join(folder, 'etc/near'));
    await symlink('..', join(folder, 'etc/a/up'));
    const section = { type: 'file', source: 'etc', destination: '/' };
    expect(await changesOf(section, () => write('far/c', '2'))).toEqual(['file etc: near/c changed']);
  });

  it('is a script that a command of the host names', async () => {
    await write('x.sh', 'true');
    const section = { type: 'shell-local', inline: ['./x.sh'] };
    expect(await changesOf(section, () => write('x.sh', 'false'))).toEqual(['file x.sh changed']);
  });

  it('is a playbook with the roles that it names, and no other role', async () => {
    await write('site.yml', '- hosts: all\n  roles: [docker]\n');
    await write('roles/docker/tasks/main.yml', '- ping:\n');
    await write('roles/other/tasks/main.yml', '- ping:\n');
    const section = { type: 'ansible', playbook_file: 'site.yml' };
    expect(await changesOf(section, () => write('roles/docker/files/daemon.json', '{}'))).toEqual([
      'role docker: files/daemon.json is new',
    ]);
    expect(await changesOf(section, () => write('roles/other/files/x', ''))).toEqual([]);
  });

  it('is what a script of the host makes Ansible run', async () => {
    await write('site.yml', '- hosts: all\n  roles: [conv]\n');
    await write('roles/conv/tasks/main.yml', '- ping:\n');
    const section = {
      type: 'shell-local',
      environment_vars: ['PLAYBOOK={{template_dir}}/site.yml'],
      inline: ['x'],
    };
    expect(await changesOf(section, () => write('roles/conv/tasks/main.yml', '- debug:\n'))).toEqual([
      'role conv: tasks/main.yml changed',
    ]);
  });

  it('is each variable that it mentions, by name and value; those in a JSON object by their own', async () => {
    const section = { type: 'ansible', extra_arguments: ['-e', '{{user `vars`}}', '-e', 'x={{user `x`}}'] };
    const before = { variables: { vars: '{"dcos_version": "2.1.2", "same": true}', x: '1', unused: '1' } };
    const after = { variables: { vars: '{"dcos_version": "2.1.3", "same": true}', x: '2', unused: '2' } };
    expect(await changesOf(section, nothing, before, after)).toEqual([
      'variable dcos_version: 2.1.2 -> 2.1.3',
      'variable x: 1 -> 2',
    ]);
  });

  it('is a file that a variable names, but no program of the system', async () => {
    const installer = await write('installer.sh', '1');
    const section = { type: 'ansible', extra_arguments: ['-e', '{{user `vars`}}'] };
    const vars = JSON.stringify({ dcos_installer: installer, python: '/usr/bin/env' });
    const world = { variables: { vars } };
    expect(await changesOf(section, () => write('installer.sh', '2'), world)).toEqual([
      'file of dcos_installer changed',
    ]);
    expect(JSON.stringify(await inputsOf(section, world))).not.toContain('file of python');
  });

  it('is the environment that Ansible reads, and not what others do', async () => {
    const section = { type: 'ansible', extra_arguments: [] };
    expect(
      await changesOf(
        section,
        nothing,
        { env: { ANSIBLE_FORKS: '1', HOME: 'a' } },
        { env: { ANSIBLE_FORKS: '2', HOME: 'b' } },
      ),
    ).toEqual(['environment ANSIBLE_FORKS changed']);
  });

  it('does not show a secret', async () => {
    const section = { type: 'shell', inline: ['echo {{user `token`}}'] };
    const world = { variables: { token: 'hunter2hunter2' }, secrets: ['token'] };
    expect(JSON.stringify(await inputsOf(section, world))).not.toContain('hunter2');
    const other = { variables: { token: 'another' }, secrets: ['token'] };
    expect(await changesOf(section, nothing, world, other)).toEqual(['variable token changed']);
  });

  it('is not how often Packer tries', async () => {
    const once = await inputsOf({ type: 'shell', inline: ['x'], max_retries: 1 });
    expect(inputChanges(once, await inputsOf({ type: 'shell', inline: ['x'], max_retries: 5 }))).toEqual([]);
  });

  it('is not where it lies: the same files elsewhere are the same inputs', async () => {
    await write('a.sh', 'true');
    const world = { variables: { script: join(folder, 'a.sh') } };
    const section = { type: 'shell', script: '{{user `script`}}' };
    const here = await inputsOf(section, world);
    const first = folder;
    folder = await mkdtemp(join(tmpdir(), 'inputs-test-'));
    await write('a.sh', 'true');
    const there = await inputsOf(section, { variables: { script: join(folder, 'a.sh') } });
    await rm(first, { recursive: true });
    expect(inputChanges(here, there)).toEqual([]);
  });

  it('is not a folder that is only mentioned', async () => {
    await write('work/x', '1');
    const section = { type: 'shell-local', environment_vars: ['WORK=./work'], inline: ['true'] };
    expect(await changesOf(section, () => write('work/y', ''))).toEqual([]);
  });
});

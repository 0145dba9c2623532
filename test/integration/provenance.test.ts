import { createHash } from 'node:crypto';
import { appendFile, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../src/system/process.ts';
import { ProvenanceStatement } from '../support/slsa-provenance.ts';
import { BuildRig, type Ended } from './build-rig.ts';
import { buildQuickly, fakePacker } from './fake-packer.ts';

let rig: BuildRig;
let count = 0;

/** An installed program, and a checkout of the user's own with a playbook and a role. */
beforeAll(async () => {
  rig = await BuildRig.open();
  await rig.write('site/site.yml', '- hosts: all\n  roles: [web]\n');
  await rig.write('site/roles/web/tasks/main.yml', '- debug:\n    msg: "{{ word }}"\n');
  await rig.write('site/roles/web/defaults/main.yml', 'word: yes\n');
  await rig.write('site/.gitignore', 'ignored*\n');
  await git('init', '--quiet');
  await git('remote', 'add', 'origin', 'https://user:s3cret-token@git.example.org/team/site.git');
  await commit();
  rig.env['PAYLOAD'] = rig.at('site/site.yml');
});
afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});
beforeEach(() => {
  count += 1;
  rig.env['IMAGE_PATH'] = rig.at(`images-${count}`);
});

async function git(...args: readonly string[]): Promise<string> {
  const who = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org'];
  return (await run(['git', '-C', rig.at('site'), ...who, ...args])).stdout.trim();
}

async function commit(): Promise<void> {
  await git('add', '.');
  await git('commit', '--quiet', '--message', 'all');
}

const output = (name: string): string => join(rig.imagePath, 'latest', name);
const textOf = (name: string): Promise<string> => readFile(output(name), 'utf8');

async function build(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  await fakePacker(rig, buildQuickly);
  const ended = await rig.run(['build', ...args], env);
  expect(ended.exitCode, ended.stderr).toBe(0);
  return ended;
}

async function provenance(): Promise<ProvenanceStatement> {
  return ProvenanceStatement.parse(JSON.parse(await textOf('provenance.intoto.json')));
}

const sha256 = async (path: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

const checkSums = (): Promise<unknown> =>
  run(['sha256sum', '--check', '--strict', 'SHA256SUMS'], { cwd: output('.') });

describe('the provenance of an output', () => {
  it('ties its files to base, template, playbook, role and commit', async () => {
    await build();
    const { subject, predicate } = await provenance();
    const disk = createHash('sha256').update('disk').digest('hex');
    expect(subject).toEqual(
      ['qcow2', 'vdi', 'vhd', 'vmdk'].map((format) => ({
        name: `small.${format}`,
        digest: { sha256: disk },
      })),
    );
    const { externalParameters, internalParameters, resolvedDependencies } = predicate.buildDefinition;
    expect(externalParameters).toMatchObject({
      ...{ imageName: 'small', payload: 'site.yml', template: 'packer-config.json', baseImage: 'base.qcow2' },
      ...{ formats: ['qcow2', 'vdi', 'vhd', 'vmdk'], memoryMiB: 2048, diskMiB: 10_000 },
    });
    expect(internalParameters).toMatchObject({ accelerator: 'tcg', tools: { packer: '1.6.6' } });
    const role = 'find . -type f | cut -c3- | LC_ALL=C sort | xargs -r sha256sum | sha256sum | cut -f1 -d" "';
    const { stdout: dirHash } = await run(['sh', '-c', role], { cwd: rig.at('site/roles/web') });
    const head = await git('rev-parse', 'HEAD');
    expect(resolvedDependencies).toEqual(
      expect.arrayContaining([
        {
          name: 'base image base.qcow2',
          digest: { sha256: await sha256(rig.at('base.qcow2')) },
          annotations: { family: 'debian' },
        },
        {
          name: 'template packer-config.json',
          digest: { sha256: await sha256(join(rig.programFolder, 'packer-config.json')) },
        },
        { name: 'playbook site.yml', digest: { sha256: await sha256(rig.at('site/site.yml')) } },
        {
          name: 'role web',
          digest: { dirHash: dirHash.trim() },
          annotations: { files: ['defaults/main.yml', 'tasks/main.yml'] },
        },
        {
          name: 'git checkout',
          uri: `git+https://git.example.org/team/site.git@${head}`,
          digest: { gitCommit: head },
          annotations: { holds: ['playbook site.yml', 'role web'], dirty: false, changed: [] },
        },
      ]),
    );
    expect(resolvedDependencies.map(({ name }) => name)).toContain('role generalise');
    const { byproducts, metadata } = predicate.runDetails;
    const made = await Promise.all(['build.log', 'manifest.json'].map((name) => sha256(output(name))));
    expect(byproducts.map(({ digest }) => digest?.sha256)).toEqual(made);
    expect(Date.parse(metadata.finishedOn)).toBeGreaterThan(Date.parse(metadata.startedOn));
  });

  it('has the layers by their keys, and is otherwise the same for a build without them', async () => {
    await build();
    const layered = (await provenance()).predicate.buildDefinition;
    await build(['--no-layers']);
    const plain = (await provenance()).predicate.buildDefinition;
    expect(layered.internalParameters['layers']).toEqual(
      ['machine', 'python', 'site', 'generalise'].map((name) => ({
        ...{ name, state: 'built', key: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
      })),
    );
    expect(plain.internalParameters['layers']).toEqual([]);
    expect(plain.resolvedDependencies).toEqual(layered.resolvedDependencies);
    expect(plain.externalParameters).toEqual(layered.externalParameters);
  });

  it('is the same for the same inputs, but for times and what tells of them', async () => {
    await build(['--force']);
    const first = await provenance();
    await build(['--force']);
    const second = await provenance();
    const { runDetails } = first.predicate;
    expect(second.predicate.runDetails.metadata).not.toEqual(runDetails.metadata);
    expect({ ...second, predicate: { ...second.predicate, runDetails } }).toEqual(first);
  });

  it('says what is not as the commit has it, ignored files too', async () => {
    await rig.write('site/roles/web/files/ignored.txt', 'read, and not in the commit');
    await appendFile(rig.at('site/site.yml'), '# more\n');
    await build();
    const { resolvedDependencies } = (await provenance()).predicate.buildDefinition;
    await git('checkout', '--quiet', '.');
    await rm(rig.at('site/roles/web/files'), { recursive: true });
    expect(resolvedDependencies.find(({ name }) => name === 'git checkout')?.annotations).toEqual({
      holds: ['playbook site.yml', 'role web'],
      dirty: true,
      changed: ['playbook site.yml', 'role web: files/ignored.txt'],
    });
  });

  it('names no checkout where git may not look, and the digests all the same', async () => {
    await rename(rig.at('site/.git/HEAD'), rig.at('site/.git/no-HEAD'));
    await build();
    await rename(rig.at('site/.git/no-HEAD'), rig.at('site/.git/HEAD'));
    const names = (await provenance()).predicate.buildDefinition.resolvedDependencies.map(({ name }) => name);
    expect(names).toContain('role web');
    expect(names).not.toContain('git checkout');
  });

  it('holds no secret, no digest of a password, and no folder of the builder', async () => {
    const password = await rig.write('vault-password', 'short\n');
    await build([], { ANSIBLE_VAULT_PASSWORD_FILE: password });
    const text = await textOf('provenance.intoto.json');
    expect(text).not.toContain('s3cret-token');
    expect(text).not.toContain(await sha256(password));
    expect(text).not.toContain(rig.folder);
  });

  it('is among the checksums, which hold also after the report was made again', async () => {
    await build();
    const sums = await textOf('SHA256SUMS');
    const names = sums
      .trimEnd()
      .split('\n')
      .map((line) => line.slice(66));
    const images = names.slice(0, 4).sort();
    expect(images).toEqual(['small.qcow2', 'small.vdi', 'small.vhd', 'small.vmdk']);
    expect(names.slice(4)).toEqual(['build.log', 'manifest.json', 'provenance.intoto.json']);
    await checkSums();
    expect((await rig.run(['report', output('.')])).exitCode).toBe(0);
    await checkSums();
    await appendFile(output('provenance.intoto.json'), ' ');
    await expect(checkSums()).rejects.toThrow(/exit code 1/);
  });
});

import { createHash } from 'node:crypto';
import { appendFile, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Manifest } from '../../src/output/manifest.ts';
import { run } from '../../src/system/process.ts';
import { GpgHome } from '../support/gpg-home.ts';
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
    const [type = '', blob = ''] = (await readFile(rig.at('key.pub'), 'utf8')).trim().split(' ');
    expect(externalParameters['sshPublicKey']).toBe(`${type} ${blob}`);
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

  it('has no parameter that the page of its build type does not describe', async () => {
    await build();
    const { externalParameters, internalParameters } = (await provenance()).predicate.buildDefinition;
    const page = await readFile(join(import.meta.dirname, '../../docs/provenance.md'), 'utf8');
    const described = page.split('\n').flatMap((line) => {
      const [, fields = ''] = /^\| ((?:`\w+`(?:, )?)+) \|/.exec(line) ?? [];
      return [...fields.matchAll(/`(\w+)`/g)].map(([, name]) => name);
    });
    const names = [...Object.keys(externalParameters), ...Object.keys(internalParameters)];
    expect(described.sort()).toEqual(names.sort());
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

  it('has the installer of DC/OS and the archive of Python, each by its digest', async () => {
    const installer = await rig.write('dcos_generate_config.sh', 'an installer');
    const python = 'https://user:pass@files.example.org/pypy.tar.bz2';
    await build([], {
      ...{ PAYLOAD: 'dcos', DCOS_INSTALLER: installer },
      ...{ PYTHON_ARCHIVE: python, PYTHON_ARCHIVE_SHA256: 'ab'.repeat(32) },
    });
    const { resolvedDependencies } = (await provenance()).predicate.buildDefinition;
    const given = resolvedDependencies.filter(({ name = '' }) => /installer|archive/.test(name));
    expect(given).toEqual([
      { name: 'DC/OS installer dcos_generate_config.sh', digest: { sha256: await sha256(installer) } },
      {
        name: 'Python archive pypy.tar.bz2',
        uri: 'https://files.example.org/pypy.tar.bz2',
        digest: { sha256: 'ab'.repeat(32) },
      },
    ]);
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

describe('the signature of an output', () => {
  let home: GpgHome;
  let fingerprint: string;
  let minisign: { readonly SIGNING_KEY: string };

  beforeAll(async () => {
    home = await GpgHome.create();
    fingerprint = await home.makeKey('builds@example.org', { passphrase: 'hunter22' });
    await run(['minisign', '-G', '-W', '-s', rig.at('sign.key'), '-p', rig.at('sign.pub')]);
    minisign = { SIGNING_KEY: `minisign:${rig.at('sign.key')}` };
  });
  afterAll(async () => {
    await home[Symbol.asyncDispose]();
  });

  it('by gpg is over the checksums, told in plan, manifest and report, and shows no passphrase', async () => {
    const { stdout, stderr } = await build(['--progress', 'plain'], {
      GNUPGHOME: home.folder,
      SIGNING_KEY: 'gpg:builds@example.org',
      SIGNING_PASSWORD_FILE: await rig.write('passphrase', 'hunter22\n'),
    });
    expect(stderr).toMatch(
      new RegExp(`signature +gpg ${fingerprint} Test <builds@example\\.org> +\\(SIGNING_KEY\\)`),
    );
    await home.gpg('--verify', output('SHA256SUMS.asc'), output('SHA256SUMS'));
    await checkSums();
    const { signature } = JSON.parse(await textOf('manifest.json')) as Manifest;
    expect(signature).toEqual({ tool: 'gpg', file: 'SHA256SUMS.asc', key: fingerprint });
    expect(await textOf('report.html')).toContain('<code>gpg --verify SHA256SUMS.asc SHA256SUMS</code>');
    expect(stdout + stderr + (await rig.everythingWritten())).not.toContain('hunter22');
  });

  it('by minisign is over the checksums, and its public key stands in the report', async () => {
    await build([], minisign);
    const [, key = ''] = (await readFile(rig.at('sign.pub'), 'utf8')).split('\n');
    await run(['minisign', '-V', '-P', key, '-m', 'SHA256SUMS'], { cwd: output('.') });
    const command = `minisign -Vm SHA256SUMS -P ${key}`;
    expect(await textOf('report.html')).toContain(`<code>${command}</code>`);
    await run(['sh', '-c', command], { cwd: output('.') });
  });

  it('is asked for again when an output that is there has none, or one of another key', async () => {
    await build();
    const packer = await fakePacker(rig, buildQuickly);
    await rig.run(['build']);
    expect(packer.calls).toHaveLength(0);
    const plan = await rig.run(['plan', '--json'], minisign);
    expect(JSON.parse(plan.stdout)).not.toHaveProperty('current');
    await rig.run(['build'], minisign);
    expect(packer.calls).toHaveLength(1);
    await rig.run(['build'], minisign);
    await rig.run(['build']);
    expect(packer.calls).toHaveLength(1);
  });

  it.each<[string, () => NodeJS.ProcessEnv, RegExp]>([
    [
      'a key that is not there',
      () => ({ GNUPGHOME: home.folder, SIGNING_KEY: 'gpg:nobody@example.org' }),
      /gpg has no secret key gpg:nobody@example\.org\n.*hint: gpg --list-secret-keys/,
    ],
    [
      'a passphrase that nobody can be asked for',
      () => ({ GNUPGHOME: home.folder, SIGNING_KEY: `gpg:${fingerprint}` }),
      /has a passphrase, which nobody is asked for\n.*hint: set SIGNING_PASSWORD_FILE/,
    ],
    [
      'a word that is no key',
      () => ({ SIGNING_KEY: fingerprint }),
      /SIGNING_KEY is "\w{40}", which is not gpg:KEYID or minisign:FILE/,
    ],
  ])('refuses %s before anything starts', async (_what, env, message) => {
    const packer = await fakePacker(rig, buildQuickly);
    await home.forget();
    const { exitCode, stderr } = await rig.run(['build'], env());
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(message)]);
    expect(packer.calls).toEqual([]);
    expect(await rig.visible()).toEqual([]);
  });

  it('that cannot be made at the end leaves no stamped folder, and keeps the files', async () => {
    await run(['cp', rig.at('sign.key'), rig.at('lost.key')]);
    await fakePacker(rig, async (packer) => {
      await rm(rig.at('lost.key'));
      await buildQuickly(packer);
    });
    const env = { SIGNING_KEY: `minisign:${rig.at('lost.key')}` };
    const { exitCode, stderr } = await rig.run(['build'], env);
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/minisign cannot sign with .*lost\.key/)]);
    const [failed = '', ...others] = await rig.visible();
    expect([failed, others]).toEqual([expect.stringMatching(/^packer-failed-/), []]);
    await run(['sha256sum', '--check', '--quiet', 'SHA256SUMS'], { cwd: join(rig.imagePath, failed) });
  });
});

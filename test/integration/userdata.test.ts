import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { hashFile } from '../../src/system/files.ts';
import { run } from '../../src/system/process.ts';
import { planUserData } from '../../src/userdata/user-data.ts';
import { writeUserData } from '../../src/userdata/write-user-data.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHt4EbgrGR4kIdltRnXwutJ9ZVXQOIE0SHR4d me: "you" # \u00fc';
/** Debian's own Python, which has the modules of Debian's packages. */
const PYTHON = '/usr/bin/python3';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nb-userdata-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the drive', () => {
  it.each([
    ['config-drive', 'config-2', ['openstack/latest/meta_data.json', 'openstack/latest/user_data']],
    ['nocloud', 'cidata', ['meta-data', 'user-data']],
  ] as const)('is an ISO 9660 file system that a guest finds and reads (%s)', async (driveKind, label, paths) => {
    const data = planUserData({ family: 'debian', publicKey: KEY, hostname: 'host', driveKind });
    if (data.kind !== 'cloud-config') throw new Error('not a drive');
    const drive = join(folder, `${driveKind}.iso`);
    await writeUserData(data, drive);

    const { stdout } = await run(['blkid', '-p', '-o', 'export', drive]);
    expect(stdout.split('\n')).toEqual(expect.arrayContaining([`LABEL=${label}`, 'TYPE=iso9660']));
    const target = join(folder, `${driveKind}-content`);
    await run(['xorriso', '-osirrox', 'on', '-indev', drive, '-extract', '/', target]);
    const found = await readdir(target, { recursive: true, withFileTypes: true });
    const files = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    expect(files.sort()).toEqual(paths.map((path) => join(target, path)));
    for (const { path, content } of data.driveFiles) {
      expect(await readFile(join(target, path), 'utf8')).toBe(content);
      expect((await stat(join(target, path))).mode & 0o444).toBe(0o444);
    }
  });

  it('has the same bytes for the same input, at another time, place, umask and zone', async () => {
    const data = planUserData({ family: 'coreos', publicKey: KEY, hostname: 'host' });
    const [first, second] = [join(folder, 'a.iso'), join(folder, 'elsewhere/under another name.img')];
    await writeUserData(data, first);
    await sleep(2100);
    vi.stubEnv('TZ', 'NPT-5:45');
    vi.stubEnv('SOURCE_DATE_EPOCH', '1');
    const umask = process.umask(0o077);
    try {
      await writeUserData(data, second);
    } finally {
      process.umask(umask);
    }
    expect(await hashFile(second)).toBe(await hashFile(first));
    const other = planUserData({ family: 'coreos', publicKey: KEY, hostname: 'other' });
    await writeUserData(other, second);
    expect(await hashFile(second)).not.toBe(await hashFile(first));
  });

  it('leaves nothing behind when it is stopped', async () => {
    const place = join(folder, 'stopped');
    const data = planUserData({ family: 'embedded', publicKey: KEY, hostname: 'host' });
    await expect(writeUserData(data, join(place, 'a.iso'), AbortSignal.abort())).rejects.toThrow();
    expect(await readdir(place)).toEqual([]);
  });

  it('says what to install when xorriso is missing', async () => {
    vi.stubEnv('PATH', folder);
    const data = planUserData({ family: 'embedded', publicKey: KEY, hostname: 'host' });
    await expect(writeUserData(data, join(folder, 'b.iso'))).rejects.toMatchObject({
      code: 'tool-missing',
      hint: 'install it: apt-get install xorriso',
    });
  });
});

describe('Ignition', () => {
  it.each(['flatcar', 'fedora-coreos'] as const)('accepts the config for %s', async (family) => {
    const file = join(folder, `${family}.ign`);
    await writeUserData(planUserData({ family, publicKey: KEY, hostname: 'host' }), file);
    const { tail } = await run(['ignition-validate', file]);
    // It ends well with warnings, too.
    expect(tail).toEqual([]);
  });
});

describe('the readers in the guests', () => {
  let cloudInit: string;

  beforeAll(async () => {
    // Unpacked, not installed: an installed one would take this machine for a new cloud machine at its next boot.
    cloudInit = join(folder, 'cloud-init');
    await mkdir(cloudInit);
    const packages = [
      'attr',
      'configobj',
      'json-pointer',
      'jsonpatch',
      'jsonschema',
      'netifaces',
      'oauthlib',
    ];
    const more = ['pyrsistent', 'requests', 'six', 'urllib3', 'chardet', 'idna', 'certifi'];
    const names = ['cloud-init', ...[...packages, ...more].map((name) => `python3-${name}`)];
    await run(['apt-get', 'download', ...names], { cwd: cloudInit });
    for (const name of await readdir(cloudInit)) {
      await run(['dpkg', '-x', join(cloudInit, name), cloudInit]);
    }
  }, 120_000);

  it.each(['embedded', 'debian', 'ubuntu'] as const)("pass cloud-init's schema (%s)", async (family) => {
    const { text } = planUserData({ family, publicKey: KEY, hostname: 'host' });
    const good = join(folder, `${family}.yaml`);
    await writeFile(good, text);
    const { stdout } = await run(schemaCheck(good));
    expect(stdout).toContain('Valid cloud-config');
    expect(stdout).not.toContain('deprecat');
  });

  it('would fail the schema with a value of a wrong kind', async () => {
    const bad = join(folder, 'bad.yaml');
    const { text } = planUserData({ family: 'debian', publicKey: KEY, hostname: 'host' });
    await writeFile(bad, text.replace('permissions: "0644"', 'permissions: 0644'));
    await expect(run(schemaCheck(bad))).rejects.toThrow('exit code 1');
  });

  it('read any key comment as it was written', async () => {
    const comments = fc.sample(fc.string({ unit: 'binary' }), 400);
    const keys = [...comments, 'a: b', '# x', "it's", '"', '\\', '\u0085', '\u2028', '\x7f'].map(
      (comment) => `ssh-ed25519 AAAA ${comment}`,
    );
    const texts = keys.map(
      (publicKey) => planUserData({ family: 'coreos', publicKey, hostname: 'host' }).text,
    );
    const script =
      'import json,sys,yaml; print(json.dumps([yaml.safe_load(t)["ssh_authorized_keys"][0] for t in json.load(sys.stdin)]))';
    const { stdout } = await run([PYTHON, '-c', script], { input: JSON.stringify(texts) });
    expect(JSON.parse(stdout)).toEqual(keys);
  });

  function schemaCheck(file: string): string[] {
    const modules = join(cloudInit, 'usr/lib/python3/dist-packages');
    const schema = ['-W', 'ignore', '-m', 'cloudinit.cmd.main', 'schema', '-c', file];
    return ['env', `PYTHONPATH=${modules}`, PYTHON, ...schema];
  }
});

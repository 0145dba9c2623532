import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diffCommand } from '../../src/commands/diff.ts';
import type { ImageDiff } from '../../src/diff/image-diff.ts';
import type { BuildEvent, Emit } from '../../src/events.ts';
import type { Manifest } from '../../src/output/manifest.ts';
import { fileSizeBytes, temporaryFolder } from '../../src/system/files.ts';
import { run } from '../../src/system/process.ts';
import { Scope } from '../../src/system/scope.ts';
import { sampleManifest } from '../support/sample-manifest.ts';
import { makeFileSystem, writeTree } from './guest-rig.ts';

const scope = new Scope();
afterAll(() => scope[Symbol.asyncDispose]());

function packageText(name: string, version: string): string {
  return `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: ${version}\n\n`;
}

/** What both images have, and what the first has alone. */
const BEFORE = {
  '/etc/os-release': 'ID=debian\nPRETTY_NAME="Debian 12"\n',
  '/etc/hosts': 'same size: a',
  '/etc/kept': 'the same',
  '/etc/mode': 'mode',
  '/usr/lib/systemd/system/ssh.service': '[Unit]',
  '/var/lib/dpkg/status': packageText('bash', '5.1') + packageText('nano', '7.2'),
  '/srv/old': 'gone',
};

/** An output's folder with one image, in a format. */
async function makeOutput(tree: string, format: string, driver: string): Promise<string> {
  const folder = await temporaryFolder(scope);
  const raw = await makeFileSystem(scope, tree);
  const file = `host.${format}`;
  await run(['qemu-img', 'convert', '-f', 'raw', '-O', driver, raw, join(folder, file)]);
  const bytes = (await fileSizeBytes(join(folder, file))) ?? 0;
  const artifacts = [
    { format: 'ova', file: 'host.ova', bytes: 5, virtualBytes: 5, sha256: '' },
    { format, file, bytes, virtualBytes: 5, sha256: '' },
  ];
  const manifest: Manifest = { ...sampleManifest(), artifacts };
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
  return folder;
}

async function diff(
  args: readonly string[],
  options: Readonly<Record<string, boolean>> = {},
  emit: Emit = () => undefined,
): Promise<string> {
  const printed: string[] = [];
  await diffCommand.run(
    { args, options, variables: {} },
    {
      env: {},
      cwd: '/',
      programFolder: '/',
      signal: new AbortController().signal,
      emit,
      subscribe: () => () => undefined,
      print: (text) => printed.push(text),
    },
  );
  return printed.join('\n');
}

/** The processes that serve an image of this folder. */
async function serversOf(folder: string): Promise<readonly string[]> {
  const { stdout } = await run(['ps', '-ww', '-o', 'args=', '-C', 'qemu-nbd'], { acceptExitCodes: [1] });
  return stdout.split('\n').filter((line) => line.includes(folder));
}

describe('diff', () => {
  let before: string;
  let after: string;

  beforeAll(async () => {
    const tree = await writeTree(scope, BEFORE);
    before = await makeOutput(tree, 'vdi', 'vdi');
    await rm(join(tree, 'srv/old'));
    await writeFile(join(tree, 'etc/hosts'), 'same size: b');
    await chmod(join(tree, 'etc/mode'), 0o600);
    await writeFile(
      join(tree, 'var/lib/dpkg/status'),
      packageText('bash', '5.2') + packageText('docker.io', '20'),
    );
    await mkdir(join(tree, 'etc/systemd/system/multi-user.target.wants'), { recursive: true });
    await symlink(
      '/usr/lib/systemd/system/ssh.service',
      join(tree, 'etc/systemd/system/multi-user.target.wants/ssh.service'),
    );
    after = await makeOutput(tree, 'qcow2', 'qcow2');
  });

  it('tells what differs between two outputs, in whatever formats they are', async () => {
    const text = await diff([before, after]);
    const [inside = '', sizes = ''] = text.replaceAll(/(?<=\S) +/g, ' ').split('\n\nsizes\n');
    expect(inside).toBe(`\
before ${before}/host.vdi Debian 12
after ${after}/host.qcow2 Debian 12

packages: 1 removed, 1 added, 1 changed
  - nano 7.2
  + docker.io 20
  ~ bash 5.1 -> 5.2

units: 1 changed
  ~ ssh.service off -> enabled

files: 1 removed, 4 added, 3 changed
  ~ /etc/hosts content
  ~ /etc/mode mode 0644 -> 0600
  + /etc/systemd/ 4 added
  - /srv/old 4 B
  ~ /var/lib/dpkg/status content 154 B -> 158 B`);
    expect(sizes).toMatch(/^ {2}ova 5 B 5 B\n {2}vdi .* MiB -\n {2}disk 64 MiB 64 MiB\n/);
  });

  it('tells everything as JSON', async () => {
    const found = JSON.parse(await diff([before, after], { json: true })) as ImageDiff;
    expect(found.before).toEqual({ image: join(before, 'host.vdi'), system: 'Debian 12' });
    const hosts = found.files.changed.find(({ path }) => path === '/etc/hosts');
    expect(hosts).toMatchObject({ differs: ['content'], before: { sizeBytes: 12, mode: 0o644 } });
    expect(hosts?.before.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(hosts?.before.sha256).not.toBe(hosts?.after.sha256);
    expect(found.files.added.map(({ path }) => path)).toContain(
      '/etc/systemd/system/multi-user.target.wants/ssh.service',
    );
    expect(found.sizes.find(({ of }) => of === 'vdi')).toHaveProperty('beforeBytes');
  });

  it('tells how far it is', async () => {
    const events: BuildEvent[] = [];
    await diff([before, after], {}, (event) => events.push(event));
    expect(events[0]).toMatchObject({ type: 'phase-started', phase: 'diff' });
    expect(events.at(-2)).toEqual({ type: 'progress', phase: 'diff', item: 'files', fraction: 1 });
    expect(events.at(-1)).toMatchObject({ type: 'phase-finished', phase: 'diff', outcome: 'done' });
  });

  it('takes disk images by themselves, and finds nothing where nothing differs', async () => {
    const image = join(before, 'host.vdi');
    expect(await diff([image, before], { exitCode: true })).toContain('nothing inside of the two differs');
  });

  it('fails only when it is asked to', async () => {
    await expect(diff([before, after], { exitCode: true })).rejects.toMatchObject({ code: 'images-differ' });
  });

  it.each([
    ['what is not there', () => Promise.resolve('/nowhere'), 'input-unreadable', /\/nowhere does not exist/],
    ['a folder that is no output', () => temporaryFolder(scope), 'manifest-missing', /there is no/],
    [
      'an output without an image to look into',
      async () => {
        const folder = await temporaryFolder(scope);
        const [artifact] = sampleManifest().artifacts;
        const artifacts = artifact === undefined ? [] : [{ ...artifact, format: 'gce' }];
        await writeFile(join(folder, 'manifest.json'), JSON.stringify({ ...sampleManifest(), artifacts }));
        return folder;
      },
      'input-unreadable',
      /can be looked into where it lies \(gce\)/,
    ],
    [
      'an image that is damaged',
      async () => {
        const path = join(await temporaryFolder(scope), 'cut.qcow2');
        await writeFile(path, 'QFI\xfb\0\0\0\x03'.padEnd(1024, '\0'), 'latin1');
        return path;
      },
      'input-unreadable',
      /cannot be opened as a disk image/,
    ],
  ])('refuses %s in one sentence, and leaves nothing running', async (_what, make, code, message) => {
    await expect(diff([await make(), after])).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    });
    // Else the program, whose child it is, would wait for it for ever.
    expect(await serversOf(after)).toEqual([]);
  });
});

import { mkdir, readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageInfo } from '../../src/qemu/qemu-img.ts';
import { readProofRecord } from '../../src/output/proof-record.ts';
import { exists, temporaryFolder } from '../../src/system/files.ts';
import { run } from '../../src/system/process.ts';
import { Scope } from '../../src/system/scope.ts';
import { LayerStore } from '../../src/layers/store.ts';
import { imageTree, treeDifferences } from './rig/image-tree.ts';
import { launch, type RunningProgram, START, startSh, userEnvironment } from './rig/program.ts';
import { linkSharedBase } from './rig/shared-base.ts';

/** What may differ between an image from layers and one built cold: caches that hold times (docs/layers.md). */
const WRITTEN_BY_TIME = ['/var/cache/ldconfig/aux-cache', '/var/lib/docker/network/files/local-kv.db'];

/** The whole build: embedded base, container-host payload, four formats; then the image as its user gets it. */
describe('a build', () => {
  const scope = new Scope();
  let imagePath: string;
  let output: string;
  let program: RunningProgram;
  let secondBuild: { exitCode: number; tail: readonly string[] };

  beforeAll(async () => {
    const folder = await temporaryFolder(scope);
    imagePath = join(folder, 'images');
    await linkSharedBase(imagePath);
    // What a crash of an earlier build left.
    await mkdir(join(imagePath, 'packer/half-made'), { recursive: true });
    const env = { IMAGE_PATH: imagePath, IMAGE_NAME: 'host', PROVE: 'boot' };
    program = launch(['--progress', 'plain'], env);
    await program.line(/boot: boot the machine/);
    secondBuild = await startSh([], { IMAGE_PATH: imagePath });
    expect(await program.exitCode, program.lines.slice(-30).join('\n')).toBe(0);
    output = join(imagePath, 'latest');
  });
  afterAll(async () => {
    await scope[Symbol.asyncDispose]();
  });

  it('leaves a complete stamped folder and the link to it', async () => {
    expect(await readlink(output)).toMatch(/^\d{8}-\d{6}$/);
    expect(await readdir(output)).toEqual([
      'SHA256SUMS',
      'build.log',
      'host.qcow2',
      'host.vdi',
      'host.vhd',
      'host.vmdk',
      'manifest.json',
      'proof',
      'provenance.intoto.json',
      'report.html',
      'sbom.spdx.json',
    ]);
    await run(['sha256sum', '--check', '--strict', 'SHA256SUMS'], { cwd: output });
    expect(await exists(join(imagePath, 'packer'))).toBe(false);
  });

  it('leaves the same disk in all four formats, of exactly the same size', async () => {
    const qcow2 = join(output, 'host.qcow2');
    const { virtualSizeBytes, backingFile } = await imageInfo(qcow2);
    expect(backingFile).toBeUndefined();
    expect(virtualSizeBytes).toBe(10_000 * 1024 ** 2);
    for (const [file, format] of [
      ['host.vdi', 'vdi'],
      ['host.vhd', 'vpc'],
      ['host.vmdk', 'vmdk'],
    ] as const) {
      const path = join(output, file);
      expect((await imageInfo(path, { format })).virtualSizeBytes).toBe(virtualSizeBytes);
      await run(['qemu-img', 'compare', '-f', 'qcow2', '-F', format, qcow2, path]);
    }
  });

  it('writes a manifest that says what was built from what, without the key', async () => {
    const text = await readFile(join(output, 'manifest.json'), 'utf8');
    expect(JSON.parse(text)).toMatchObject({
      schema: 1,
      name: 'host',
      version: await readlink(output),
      base: { source: 'embedded', family: 'debian' },
      payload: 'container-host',
      artifacts: expect.arrayContaining([
        expect.objectContaining({ format: 'vhd', file: 'host.vhd', virtualBytes: 10_000 * 1024 ** 2 }),
      ]) as unknown,
      tools: { packer: '1.6.6' },
    });
    const phases = (JSON.parse(text) as { phases: { phase: string }[] }).phases.map(({ phase }) => phase);
    expect(phases).toEqual(['base', 'prepare', 'boot', 'provision', 'save', 'convert', 'prove']);
    expect(text + (await readFile(join(output, 'build.log'), 'utf8'))).not.toContain('PRIVATE KEY');
  });

  it('shows phases and tasks in plain lines', () => {
    const text = program.lines.join('\n');
    expect(text).toMatch(/changed: container-host : Install the missing packages/);
    expect(text).toMatch(/convert: done in/);
    expect(text).not.toContain('\r');
    expect(text).not.toContain('\u001b');
  });

  it('has started each image on hardware like its target before it got its stamp', async () => {
    const proof = await readProofRecord(join(output, 'proof'));
    const found = proof?.boots.map(({ format, hardware, outcome }) => [format, outcome, hardware]);
    expect(found?.sort()).toEqual([
      ['qcow2', 'ok', 'QEMU, libvirt, OpenStack: virtio disk, virtio network, BIOS'],
      ['vdi', 'ok', 'VirtualBox: SATA disk (AHCI), Intel e1000, BIOS'],
      ['vhd', 'ok', 'Hyper-V, generation 1: IDE disk, DEC Tulip, BIOS'],
      ['vmdk', 'ok', 'VMware: PVSCSI disk, vmxnet3, BIOS'],
    ]);
    for (const { checks } of proof?.boots ?? []) {
      const names = checks.map(({ check }) => check);
      expect(names).toEqual(
        expect.arrayContaining(['network on eth0', 'nothing left by the build', 'containers run']),
      );
    }
    const page = await readFile(join(output, 'report.html'), 'utf8');
    expect(page.match(/<img class="screen" src="data:image\/png;base64,/g)).toHaveLength(4);
    expect((await stat(join(output, 'report.html'))).size).toBeLessThan(1024 ** 2);
  });

  it('moved the folder of the crashed build aside, and said so', async () => {
    const [aside] = (await readdir(imagePath)).filter((name) => name.startsWith('packer-stale-'));
    expect(await readdir(join(imagePath, aside ?? 'none'))).toEqual(['half-made']);
    expect(program.lines.join('\n')).toContain('an earlier build was cut off');
  });

  it('kept a second build out, and said who holds the folder', () => {
    expect(secondBuild.exitCode).toBe(1);
    expect(secondBuild.tail.join('\n')).toMatch(/another build is at work in .*: process \d+/);
  });

  it('makes the same image again from its layers', async () => {
    const store = new LayerStore(join(imagePath, '.layers'));
    const last = (await store.list()).filter(({ record }) => record.name === 'generalise');
    expect(last).toHaveLength(1);
    await store.remove(last.map(({ folder }) => folder));
    const cold = await imageTree(join(output, 'host.qcow2'));
    const again = await startSh(['--force', '--progress', 'plain'], {
      IMAGE_PATH: imagePath,
      IMAGE_NAME: 'host',
      FORMATS: 'qcow2',
    });
    expect(again.exitCode, again.tail.join('\n')).toBe(0);
    const log = await readFile(join(output, 'build.log'), 'utf8');
    expect(log).toContain('layer container-host: the machine is back');
    expect(log).not.toContain('ansible: Container host');
    const warm = await imageTree(join(output, 'host.qcow2'));
    const unexpected = treeDifferences(cold, warm).filter((name) => !WRITTEN_BY_TIME.includes(name));
    expect(unexpected).toEqual([]);
  });

  it('without a network for packages names the task, and says what to look at', async () => {
    const store = new LayerStore(join(imagePath, '.layers'));
    const behind = (await store.list()).filter(({ record }) => !['machine', 'python'].includes(record.name));
    await store.remove(behind.map(({ folder }) => folder));
    const before = (await readdir(imagePath)).sort();
    const offline = ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];
    const env = userEnvironment({ IMAGE_PATH: imagePath, IMAGE_NAME: 'host' });
    const { exitCode, tail } = await run([...offline, START, '--force'], { env, acceptExitCodes: [1] });
    const text = tail.join('\n');
    expect(exitCode, text).toBe(1);
    expect(text).toContain('the Ansible task "container-host : Check that they were installed" failed');
    expect(text).toMatch(
      /\| apt failed; when it could not fetch something, check the VM's network: .*resolv/,
    );
    expect((await readdir(imagePath)).sort()).toEqual(before);
  });
});

import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Manifest } from '../../src/output/manifest.ts';
import { olderManifestText } from '../support/sample-manifest.ts';
import { BuildRig } from './build-rig.ts';
import { buildWell, fakePacker } from './fake-packer.ts';

describe('the report of a build', () => {
  let rig: BuildRig;
  let output: string;

  beforeAll(async () => {
    rig = await BuildRig.open();
    await fakePacker(rig, buildWell);
    const { exitCode, stderr } = await rig.run(['build'], { FORMATS: 'vdi,ova' });
    expect(exitCode, stderr).toBe(0);
    output = join(rig.imagePath, 'latest');
  });
  afterAll(async () => {
    await rig[Symbol.asyncDispose]();
  });

  const read = (name: string): Promise<string> => readFile(join(output, name), 'utf8');

  it('lies beside the images, and names them in the commands that import them', async () => {
    const page = await read('report.html');
    expect(page).toContain('2 images, each equal to the built disk byte for byte.');
    expect(page).toContain('<code>VBoxManage import small.ova</code>');
    expect(page).toContain('<li>qemu-img check of the disk inside</li>');
    expect(page).toContain(`<code>ssh -i ${rig.at('key')} debian@ADDRESS</code>`);
    expect(page).toContain('container-host : Install the packages');
    for (const { sha256 } of (JSON.parse(await read('manifest.json')) as Manifest).artifacts)
      expect(page).toContain(`<code>${sha256}</code>`);
  });

  it('stands on a manifest that has the plan, the tasks and all times', async () => {
    const manifest = JSON.parse(await read('manifest.json')) as Manifest;
    expect(manifest.plan?.map(({ label }) => label)).toContain('accelerator');
    expect(manifest.tasks?.map(({ task, outcome }) => [task, outcome])).toEqual([
      ['container-host : Install the packages', 'changed'],
      ['container-host : Start the services', 'ok'],
    ]);
    expect(manifest.layers?.[0]).toMatchObject({ layer: 'machine', state: 'built' });
    const starts = manifest.phases.map(({ startMs = Number.NaN }) => startMs);
    expect(starts).toEqual([...starts].sort((one, other) => one - other));
    expect(manifest.durationMs).toBeGreaterThanOrEqual(starts.at(-1) ?? Number.NaN);
  });

  it('is made again by the command, the same as before', async () => {
    const before = await read('report.html');
    await rm(join(output, 'report.html'));
    const { exitCode, stdout } = await rig.run(['report', 'images/latest']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `${join(output, 'report.html')}\n` });
    expect(await read('report.html')).toBe(before);
  });

  it('is made for an output of an older version, from its manifest alone', async () => {
    const folder = rig.at('older');
    await mkdir(folder);
    await writeFile(join(folder, 'manifest.json'), olderManifestText());
    expect((await rig.run(['report', folder])).exitCode).toBe(0);
    expect(await readdir(folder)).toEqual(['manifest.json', 'report.html']);
    expect(await readFile(join(folder, 'report.html'), 'utf8')).toContain('web.qcow2');
  });

  it.each([
    [
      'a folder without a manifest',
      () => Promise.resolve(),
      /there is no .*manifest\.json.*\n.*hint: name a finished/,
    ],
    [
      'a manifest that was cut',
      (folder: string) => writeFile(join(folder, 'manifest.json'), '{ "schema": 1,'),
      /manifest\.json:1:15: /,
    ],
    [
      'a manifest with a wrong value',
      (folder: string) =>
        writeFile(join(folder, 'manifest.json'), olderManifestText().replace('1113587712', '-1')),
      /manifest\.json:\d+:16: artifacts\.3\.bytes: /,
    ],
    [
      'a place that cannot be written',
      async (folder: string) => {
        await cp(join(output, 'manifest.json'), join(folder, 'manifest.json'));
        await mkdir(join(folder, 'report.html'));
      },
      /cannot write .*report\.html: .*\n.*hint: the folder of the output/,
    ],
  ])('refuses %s in one sentence', async (_what, spoil, message) => {
    const folder = await mkdtemp(rig.at('spoilt-'));
    await spoil(folder);
    const before = await readdir(folder);
    const { exitCode, stdout, stderr } = await rig.run(['report', folder]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
    expect(await readdir(folder)).toEqual(before);
  });

  it('says which folder it wants', async () => {
    const { exitCode, stderr } = await rig.run(['report']);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/missing required argument 'dir'/);
  });
});

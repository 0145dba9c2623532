import { chmod, mkdir, open, readdir, readFile, rename, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exists, hashFile } from '../../src/system/files.ts';
import { run } from '../../src/system/process.ts';
import { Scope } from '../../src/system/scope.ts';
import { nothingLeftWith } from '../support/processes.ts';
import { type ImageTree, imageTree, treeDifferences } from './rig/image-tree.ts';
import { ALLOWED_DIFFERENCES, LayeredProject } from './rig/layered.ts';
import { launch } from './rig/program.ts';

/** What goes wrong with layers, one thing after the other in one project: no build may ever use what is not whole. */
describe('layers are never wrong', () => {
  const scope = new Scope();
  let project: LayeredProject;
  /** An image that was built without any trouble. */
  let right: ImageTree;

  let changes = 0;
  /** Makes the last provisioner another one that does the same. */
  const changeLast = (): Promise<void> => project.change('last.sh', (text) => `${text}# ${(changes += 1)}\n`);

  beforeAll(async () => {
    project = await LayeredProject.make(scope);
    const built = await project.build();
    expect(built.exitCode, built.story).toBe(0);
    right = await imageTree(project.image);
    // The tests begin behind the boot: a layer has 40 MB.
    await project.run(['layers', 'prune'], { LAYERS_MAX: '60M' });
    expect(await project.kept()).toEqual(['machine']);
    await changeLast();
  });
  afterAll(async () => {
    await scope[Symbol.asyncDispose]();
  });

  const expectRightImage = async (image = project.image): Promise<void> => {
    const tree = await imageTree(image);
    expect(treeDifferences(right, tree)).toEqual(ALLOWED_DIFFERENCES);
  };

  const expectSoundStore = async (): Promise<void> => {
    for (const folder of await readdir(project.store)) {
      if (!(await exists(join(project.store, folder, 'layer.json')))) continue;
      await run(['qemu-img', 'check', '-q', join(project.store, folder, 'disk.qcow2')]);
    }
  };

  /** Ends the program as soon as it has made the disk for what comes behind a layer, before the machine is stopped. */
  const buildKilledBehindOverlay = async (): Promise<number | null> => {
    const tools = project.path('tools');
    await mkdir(tools);
    const script = `#!/bin/sh
/usr/bin/qemu-img "$@" || exit
case "$*" in *' -b ../base-'*) exit ;; *' -b ../'*) echo >>"$0.calls" ;; *) exit ;; esac
[ "$(wc -l <"$0.calls")" -lt 2 ] || kill -9 "$PPID"
`;
    await writeFile(join(tools, 'qemu-img'), script);
    await chmod(join(tools, 'qemu-img'), 0o755);
    const killed = await project.build([], { PATH: `${tools}:${process.env['PATH'] ?? ''}` });
    expect(killed.start).toBe('machine');
    expect(killed.stdout).not.toContain('shell: stopped');
    return killed.exitCode;
  };

  it('when a build is killed anywhere in a checkpoint', async () => {
    expect(await buildKilledBehindOverlay()).toBe(null);
    const places = [
      ['shell: stopped', 'the program'],
      ['shell: disk', 'the program'],
      ['shell: disk', 'everything'],
      ['shell: memory', 'the program'],
      ['shell: memory', 'everything'],
      ['shell: running', 'everything'],
    ] as const;
    for (const [step, what] of places) {
      const killed = await project.buildKilledAt(`"line":"${step}"`, what);
      expect([step, what, killed.exitCode], killed.story).toEqual([step, what, null]);
      expect([step, what, killed.start]).toEqual([step, what, 'machine']);
      expect(await project.kept()).toEqual(['machine']);
    }
    const saved = await project.buildKilledAt('"type":"layer-saved","layer":"greet"', 'everything');
    expect([saved.exitCode, saved.start], saved.story).toEqual([null, 'machine']);
    expect(await project.kept()).toEqual(['greet', 'machine', 'shell']);
    const built = await project.build();
    expect(built.exitCode, built.story).toBe(0);
    expect(built.start).toBe('greet');
    expect(built.notices).toContain('an earlier build was cut off');
    await nothingLeftWith(`IMAGE_PATH=${project.imagePath}`);
    await expectRightImage();
    await expectSoundStore();
  });

  it('when the files of a layer are damaged', async () => {
    const memory = await open(join(await project.layerFolder('site'), 'memory.zst'), 'r+');
    const byte = Buffer.alloc(1);
    await memory.read(byte, 0, 1, 1_000_000);
    await memory.write(Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, 1_000_000);
    await memory.close();
    await truncate(join(await project.layerFolder('greet'), 'disk.qcow2'), 100_000);
    await changeLast();
    const built = await project.build();
    expect(built.exitCode, built.story).toBe(0);
    expect(built.start).toBe('shell');
    expect(built.notices).toMatch(/the stored layer site is damaged.*memory\.zst has other content/);
    expect(built.notices).toMatch(/the stored layer greet is damaged.*disk\.qcow2 has 100000 bytes instead/);
    const { stdout } = await project.run(['layers', 'list']);
    expect(stdout).toMatch(/site .*damaged: .*memory\.zst/);
    await expectRightImage();
    await expectSoundStore();
  });

  it('when a layer does not start, although its files are as they were written', async () => {
    const folder = await project.layerFolder('site');
    const [memory, record] = [join(folder, 'memory.zst'), join(folder, 'layer.json')];
    await run(['sh', '-c', `zstd -dc '${memory}' | head -c 20000000 | zstd -q >'${memory}.cut'`]);
    await rename(`${memory}.cut`, memory);
    const [sizeBytes, sha256] = [(await stat(memory)).size, await hashFile(memory)];
    const text = JSON.parse(await readFile(record, 'utf8')) as object;
    await writeFile(record, JSON.stringify({ ...text, memory: { sizeBytes, sha256 } }));
    await changeLast();
    const built = await project.build();
    expect(built.exitCode, built.story).toBe(0);
    expect(built.notices).toMatch(/the stored layer site is damaged.*the machine did not come back/);
    expect(built.start).toBe('files');
    expect(built.seconds).toBeLessThan(60);
    await expectRightImage();
  });

  it('when two builds share them at the same time', async () => {
    await project.change('greet.sh', (text) => `${text}# other\n`);
    const other = { IMAGE_PATH: project.path('other'), LAYERS_PATH: project.store };
    const builds = Promise.all([project.build(), project.build([], other)]);
    const third = launch(['build', '--progress', 'json'], {
      ...project.env,
      ...other,
      IMAGE_PATH: project.path('third'),
    });
    await third.line(/"type":"layers-planned"/);
    const pruned = await project.run(['layers', 'prune', '--all']);
    expect([pruned.exitCode, pruned.stderr]).toEqual([1, expect.stringContaining('a build uses the layers')]);
    third.kill('SIGINT');
    expect(await third.exitCode).toBe(130);
    const both = await builds;
    for (const built of both) {
      expect(built.exitCode, built.story).toBe(0);
      expect(built.start).toBe('shell');
    }
    await expectRightImage();
    await expectRightImage(project.path('other/latest/tiny.qcow2'));
    await expectSoundStore();
  });

  it('when some of them are pruned', async () => {
    const damaged = (await project.kept()).filter((name) => name.includes('damaged'));
    expect(damaged.length).toBeGreaterThan(0);
    const pruned = await project.run(['layers', 'prune'], { LAYERS_MAX: '150M' });
    expect(pruned.exitCode, pruned.stderr).toBe(0);
    const kept = await project.kept();
    // 40 MB each: what the others stand on stays.
    expect(kept.length).toBeGreaterThanOrEqual(2);
    expect(kept.length).toBeLessThanOrEqual(4);
    expect(kept).toEqual(expect.arrayContaining(['machine', 'shell']));
    await changeLast();
    const built = await project.build([], { LAYERS_MAX: '150M' });
    expect(built.exitCode, built.story).toBe(0);
    // What was used last is what this build needs.
    expect(
      built.planned
        .filter(({ state }) => state === 'cached')
        .map(({ layer }) => layer)
        .sort(),
    ).toEqual(kept);
    await expectRightImage();
    expect((await project.kept()).length).toBeLessThanOrEqual(4);
    await project.run(['layers', 'prune', '--all']);
    expect(await project.kept()).toEqual([]);
    expect((await readdir(project.store)).filter((name) => /^[0-9a-f]{16}-/.test(name))).toEqual([]);
  });

  const mountSmallDisk = async (size: string): Promise<string> => {
    const folder = project.path(`small-${size}`);
    await mkdir(folder);
    await run(['mount', '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]);
    scope.defer(async () => {
      await run(['umount', '-l', folder]);
    });
    return folder;
  };

  it('when their disk is full: the build goes on without them', async () => {
    const LAYERS_PATH = await mountSmallDisk('60m');
    await changeLast();
    const built = await project.build([], { LAYERS_PATH });
    expect(built.exitCode, built.story).toBe(0);
    expect(built.saved).toEqual(['machine']);
    expect(built.notices).toMatch(/the layer shell is not kept: .*; the build goes on/);
    await expectRightImage();
    const big = 'head -c 40000000 /dev/zero | tr "\\\\0" x >/srv/big; sync';
    await project.change('last.sh', (text) => `${text}${big}\n`);
    const stopped = await project.build([], { LAYERS_PATH });
    await project.change('last.sh', (text) => text.replace(big, ''));
    expect(stopped.exitCode, stopped.story).toBe(1);
    expect(stopped.start).toBe('machine');
    expect(stopped.stderr).toContain(`the disk of ${LAYERS_PATH} is full`);
    expect(stopped.stderr).toContain('make room');
    expect((await project.run(['layers'], { LAYERS_PATH })).stdout).toContain('machine');
  });

  it('when there is no room for any', async () => {
    const LAYERS_PATH = await mountSmallDisk('64k');
    const before = (await readdir(project.imagePath)).sort();
    const { exitCode, stderr } = await project.build(['--force'], { LAYERS_PATH });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/No space left|full/);
    expect(stderr).toMatch(/--no-layers/);
    expect((await readdir(project.imagePath)).sort()).toEqual(before);
  });

  it('when their folder is read-only', async () => {
    const LAYERS_PATH = await mountSmallDisk('1m');
    await run(['mount', '-o', 'remount,ro', LAYERS_PATH]);
    const { exitCode, stderr } = await project.build(['--force'], { LAYERS_PATH });
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`the layers' folder ${LAYERS_PATH} cannot be used`);
    expect(stderr).toContain('--no-layers');
    const plan = await project.run(['plan'], { LAYERS_PATH });
    expect(plan.exitCode, plan.stderr).toBe(0);
  });

  /** What a build says to a template of which this was changed. */
  const refused = async (edit: (text: string) => string): Promise<string> => {
    const text = await readFile(project.path('template.json'), 'utf8');
    await project.change('template.json', edit);
    const { exitCode, stderr } = await project.run(['build', '--force']);
    await writeFile(project.path('template.json'), text);
    expect(exitCode).toBe(1);
    return stderr;
  };

  it('when the template is: it is named what', async () => {
    const of = (type: string) => (text: string) => text.replace('"type": "file"', `"type": "${type}"`);
    expect(await refused((text) => text.replace('"type": "qemu"', '"type": "null"'))).toMatch(
      /no builder of type qemu/,
    );
    expect(await refused(of('teleport'))).toMatch(/[Uu]nknown provisioner|teleport/);
    expect(await refused((text) => text.replace('greet.sh', 'lost.sh'))).toMatch(/lost\.sh/);
    expect(await refused((text) => text.replace('{', '{ "_layer:lost": "false",'))).toMatch(
      /_layer:lost names no provisioner[^]*greet/,
    );
  });

  it('when a provisioner shares the layer of the next', async () => {
    await project.change('template.json', (text) => text.replace('{', '{ "_layer:greet": "false",'));
    const { stdout } = await project.run(['plan', '--json']);
    const { layers } = JSON.parse(stdout) as { layers: { layer: string }[] };
    expect(layers.map(({ layer }) => layer)).toEqual(['machine', 'shell', 'files', 'site', 'last']);
    // It stays a template for stock Packer.
    await run(['packer', 'validate', '-syntax-only', project.path('template.json')]);
  });
});

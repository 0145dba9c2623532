import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Scope } from '../../src/system/scope.ts';
import { nothingLeftWith } from '../support/processes.ts';
import { ProvenanceStatement } from '../support/slsa-provenance.ts';
import { imageFile, imageTree, treeDifferences } from './rig/image-tree.ts';
import { ALLOWED_DIFFERENCES, LayeredProject, type Outcome } from './rig/layered.ts';

const LAYERS = ['machine', 'shell', 'greet', 'files', 'site', 'last'];

/** One project from its first, failing build on; each test goes on from the store and the images that it finds. */
describe('layers', () => {
  const scope = new Scope();
  let project: LayeredProject;
  let failed: Outcome;
  let failedAt: number;

  beforeAll(async () => {
    project = await LayeredProject.make(scope);
    await project.change('last.sh', (text) => `${text}echo no luck >&2\nexit 7\n`);
    failed = await project.build();
    failedAt = Date.now();
  });
  afterAll(async () => {
    await scope[Symbol.asyncDispose]();
  });

  const planned = async (): Promise<Record<string, string>> => {
    const { stdout, stderr } = await project.run(['plan', '--json']);
    const { layers } = JSON.parse(stdout || `{"stderr":${JSON.stringify(stderr)}}`) as {
      layers: { layer: string; state: string; reasons: string[] }[];
    };
    return Object.fromEntries(
      layers.map(({ layer, state, reasons }) => [layer, [state, ...reasons].join(': ')]),
    );
  };
  const cached = (...names: string[]): Record<string, string> =>
    Object.fromEntries(names.map((name) => [name, 'cached']));

  it('are kept of a build whose last provisioner fails, and the error says how to go on', async () => {
    expect(failed.exitCode, failed.story).toBe(1);
    expect(failed.start).toBe('boot');
    expect(failed.saved).toEqual(LAYERS.slice(0, -1));
    expect(await project.kept()).toEqual([...LAYERS.slice(0, -1)].sort());
    expect(failed.stderr).toContain('behind the layer site');
    expect(failed.stderr).toContain('./start.sh build again');
    expect(failed.stderr).toContain('./start.sh shell');
  });

  it('are for their owner alone', async () => {
    expect((await stat(project.store)).mode & 0o777).toBe(0o700);
    const entries = await readdir(project.store, { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((each) => !each.isSymbolicLink() && each.name !== 'lock')) {
      const path = join(entry.parentPath, entry.name);
      expect([path, ((await stat(path)).mode & 0o777).toString(8)]).toEqual([
        path,
        entry.isDirectory() ? '700' : '600',
      ]);
    }
  });

  it('are listed with what stands on what', async () => {
    const { stdout, exitCode } = await project.run(['layers', 'list']);
    expect(exitCode).toBe(0);
    const names = stdout.split('\n').flatMap((line) => /^( *)(\w+) +[0-9a-f]{12} /.exec(line)?.[0] ?? []);
    expect(names.map((line) => line.replace(/ +[0-9a-f]{12} $/, ''))).toEqual(
      LAYERS.slice(0, -1).map((name, depth) => `${'  '.repeat(depth)}${name}`),
    );
  });

  it('are planned with the reasons by name', async () => {
    expect(await planned()).toEqual({
      ...cached('machine', 'shell', 'greet', 'files', 'site'),
      last: 'build: not in the store',
    });
    const restore: (() => Promise<void>)[] = [];
    const change = async (name: string, from: string, to: string): Promise<void> => {
      await project.change(name, (text) => text.replace(from, to));
      restore.unshift(() => project.change(name, (text) => text.replace(to, from)));
    };
    await change('roles/mark/tasks/main.yml', 'marked', 'marked twice');
    expect(await planned()).toMatchObject({
      ...cached('machine', 'shell', 'greet', 'files'),
      site: 'build: role mark: tasks/main.yml changed',
    });
    await change('files/upload', 'uploaded', 'other');
    expect(await planned()).toMatchObject({
      ...cached('machine', 'shell', 'greet'),
      files: expect.stringMatching(/^build: .*files.*upload changed$/) as string,
      site: 'build: role mark: tasks/main.yml changed',
    });
    await change('template.json', '"hello"', '"servus"');
    await change('greet.sh', 'echo', ': ; echo');
    expect(await planned()).toMatchObject({
      ...cached('machine', 'shell'),
      greet: 'build: variable greeting: hello -> servus: file greet.sh changed',
    });
    for (const undo of restore) await undo();
    expect(await planned()).toMatchObject(cached('machine', 'shell', 'greet', 'files', 'site'));
  });

  it('are resumed by the next build, in front of the provisioner that failed', async () => {
    await project.change('last.sh', (text) => text.replace(/echo no luck[^]*/, ''));
    // A clock that stood still since the checkpoint is seen only when the layer is old.
    await sleep(Math.max(0, failedAt + 12_000 - Date.now()));
    const startSeconds = Date.now() / 1000;
    const built = await project.build();
    expect(built.exitCode, built.story).toBe(0);
    expect(built.start).toBe('site');
    expect(built.saved).toEqual(['last']);
    const guestSeconds = Number(await imageFile(project.image, '/srv/time'));
    expect(guestSeconds).toBeGreaterThanOrEqual(Math.floor(startSeconds));
    expect(guestSeconds).toBeLessThanOrEqual(Date.now() / 1000);
    // Two machines of one layer would get other randomness sooner or later; so they have it at once.
    expect(built.stdout).toContain('crng reseeded due to virtual machine fork');
  });

  it('stand in the provenance of the output, each with when it was made', async () => {
    const text = await readFile(join(project.imagePath, 'latest/provenance.intoto.json'), 'utf8');
    const { buildDefinition } = ProvenanceStatement.parse(JSON.parse(text)).predicate;
    const ofLayer = (name: string): object => ({
      ...{ name, state: name === 'last' ? 'built' : 'cached' },
      key: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      builtOn: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
    });
    expect(buildDefinition.internalParameters['layers']).toEqual(LAYERS.map(ofLayer));
    const names = buildDefinition.resolvedDependencies.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['playbook site.yml', 'role mark', 'file last.sh']));
  });

  it('leave in the image what every provisioner did, before the resume and behind it', async () => {
    const tree = await imageTree(project.image);
    for (const name of ['inline', 'greeting', 'files/upload', 'files/etc/settings', 'mark', 'last'])
      expect(tree).toHaveProperty([`/srv/${name}`]);
    expect(tree['/srv/mark']).toMatch(/^file 640 1000:1000 /);
    expect(await imageFile(project.image, '/srv/fetched')).toBe('hello from the host\n');
    expect(await imageFile(project.image, '/srv/resolved')).toContain('10.0.2.3');
  });

  it('have nothing to do when nothing has changed, unless it is asked for', async () => {
    const again = await project.build();
    expect(again.exitCode).toBe(0);
    expect(again.of('output-current').map(({ directory }) => directory)).toEqual([
      expect.stringMatching(/\/images\/\d{8}-\d{6}$/),
    ]);
    expect(again.of('phase-started')).toEqual([]);
    const forced = await project.build(['--force']);
    expect(forced.exitCode, forced.story).toBe(0);
    expect(forced.start).toBe('last');
    expect(treeDifferences(await imageTree(project.image), await imageTree(await previousImage()))).toEqual(
      [],
    );
  });

  /** The image of the build before the newest. */
  const previousImage = async (): Promise<string> => {
    const stamps = (await readdir(project.imagePath)).filter((name) => /^\d{8}-/.test(name)).sort();
    return join(project.imagePath, stamps.at(-2) ?? '', 'tiny.qcow2');
  };

  it('make the image that a cold build makes', async () => {
    await project.change('last.sh', (text) => `${text}# other\n`);
    const warm = await project.build();
    expect(warm.exitCode, warm.story).toBe(0);
    expect(warm.start).toBe('site');
    const fromLayers = await imageTree(project.image);
    // Two machines of one layer: the same but for time and randomness.
    expect(treeDifferences(fromLayers, await imageTree(await previousImage()))).toEqual(ALLOWED_DIFFERENCES);
    const cold = await project.build(['--no-layers', '--force']);
    expect(cold.exitCode, cold.story).toBe(0);
    expect(cold.events.some(({ type }) => type === 'layer-resumed' || type === 'layer-saved')).toBe(false);
    expect(treeDifferences(fromLayers, await imageTree(project.image))).toEqual(ALLOWED_DIFFERENCES);
  });

  it('are not used with --no-cache, and end where --until says', async () => {
    const before = (await readdir(project.imagePath)).sort();
    const built = await project.build(['--no-cache', '--until', 'shell']);
    expect(built.exitCode, built.story).toBe(0);
    expect(built.start).toBe('boot');
    expect(built.saved).toEqual(['machine', 'shell']);
    expect(built.planned.find(({ layer }) => layer === 'shell')?.reasons).toEqual(['--no-cache']);
    await nothingLeftWith(`IMAGE_PATH=${project.imagePath}`);
    expect((await readdir(project.imagePath)).sort()).toEqual(before);
  });

  it('up to one that is cached already have nothing to build', async () => {
    const built = await project.build(['--until', 'greet']);
    expect(built.exitCode, built.story).toBe(0);
    expect(built.of('task-started')).toEqual([]);
    expect(built.saved).toEqual([]);
    expect(built.stdout).not.toContain('Provisioning with shell script');
  });

  it('open for a look, of which nothing stays', async () => {
    const before = await project.storeDigests();
    const folders = (await readdir(project.imagePath)).sort();
    const commands = 'cat /srv/greeting; ls /srv; echo gone >/srv/gone; exit 3\n';
    const { exitCode, stdout, stderr } = await project.run(['shell', 'greet'], {}, commands);
    expect([exitCode, stderr]).toEqual([0, expect.anything()]);
    expect(stdout).toContain('hello\ngreeting\ninline\n');
    await nothingLeftWith(`IMAGE_PATH=${project.imagePath}`);
    expect(await project.storeDigests()).toEqual(before);
    expect((await readdir(project.imagePath)).sort()).toEqual(folders);
    const newest = await project.run(['shell'], {}, 'ls /srv\n');
    expect(newest.stdout).toContain('last\n');
  });

  it.each([
    [['build', '--until', 'lost'], /there is no layer "lost".*/, /machine, shell, greet, files, site, last/],
    [['shell', 'lost'], /there is no layer "lost"/, /machine, shell, greet/],
    [['layers', 'show', 'lost'], /there is no layer "lost"/, /greet/],
  ])('that do not exist are refused: %j', async (args, message, hint) => {
    const { exitCode, stderr } = await project.run(args);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(hint);
  });
});

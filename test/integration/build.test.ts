import { mkdir, readdir, readFile, symlink, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TimedEvent } from '../../src/events.ts';
import { run } from '../../src/system/process.ts';
import { nothingLeftWith } from '../support/processes.ts';
import { BuildRig } from './build-rig.ts';
import { AwsStandIn } from '../fakes/aws/aws-stand-in.ts';
import { publishImage } from '../fakes/aws/published-image.ts';
import { buildAmiWell, buildQuickly, buildWell, fakePacker, isForAmi } from './fake-packer.ts';

/** Those that the stand-in of AWS takes. */
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const CREDENTIALS = { AWS_ACCESS_KEY: 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_KEY: SECRET };

/** Whole builds with a Packer that does what the test says; qemu-img, ssh-keygen, xorriso and flock are real. */
describe('a build', () => {
  let rig: BuildRig;
  let count = 0;

  beforeAll(async () => {
    rig = await BuildRig.open();
  });
  afterAll(async () => {
    await rig[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    count += 1;
    rig.env['IMAGE_PATH'] = rig.at(`images-${count}`);
  });

  const only = (args: readonly string[]): string | undefined => args.find((arg) => arg.startsWith('-only='));

  it('without AWS credentials makes local images only, and its plan says so', async () => {
    const packer = await fakePacker(rig, buildWell);
    const { exitCode, stdout, stderr } = await rig.run(['--progress', 'plain']);
    expect(exitCode, stderr).toBe(0);
    expect(packer.calls.map(({ args }) => only(args))).toEqual(['-only=qemu']);
    expect(stderr).toMatch(/build +qemu .*local images only: there are no AWS credentials/);
    expect(stdout + stderr).not.toMatch(/[\r\u001b]/);
    const [stamp = '', ...others] = await rig.visible();
    expect(stamp).toMatch(/^\d{8}-\d{6}$/);
    expect(others).toEqual(['latest']);
    const files = [...DOCUMENTS, ...IMAGES].sort();
    expect((await readdir(join(rig.imagePath, stamp))).sort()).toEqual(files);
    await run(['sha256sum', '--check', '--strict', 'SHA256SUMS'], { cwd: join(rig.imagePath, stamp) });
    await nothingLeftWith(`IMAGE_PATH=${rig.imagePath}`);
  });

  it('makes the formats that FORMATS says, in the archive names too', async () => {
    const packer = await fakePacker(rig, buildWell);
    const { exitCode, stderr } = await rig.run(['--progress', 'plain'], { FORMATS: 'OVA, vhd-azure' });
    expect(exitCode, stderr).toBe(0);
    expect(packer.calls).toHaveLength(1);
    expect(stderr).toMatch(/formats +ova, vhd-azure/);
    const [stamp = ''] = await rig.visible();
    const files = [...DOCUMENTS, 'small.azure.vhd', 'small.ova'].sort();
    expect((await readdir(join(rig.imagePath, stamp))).sort()).toEqual(files);
  });

  it('refuses a format that is not known before anything starts', async () => {
    const packer = await fakePacker(rig, buildWell);
    const { exitCode, stderr } = await rig.run(['--formats', 'qcow2,vhx']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('format "vhx" is not known');
    expect(packer.calls).toEqual([]);
  });

  it('asked for an AMI without credentials fails before anything starts', async () => {
    const packer = await fakePacker(rig, buildWell);
    const { exitCode, stderr } = await rig.run([], { BUILD_TYPE: 'amazon-ebs' });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('BUILD_TYPE is amazon-ebs, but there are no AWS credentials');
    expect(stderr).toContain('hint: set AWS_ACCESS_KEY and AWS_SECRET_KEY');
    expect(packer.calls).toEqual([]);
    expect(await rig.visible()).toEqual([]);
  });

  it('with credentials makes both, and keeps the secret out of every argument, file and line', async () => {
    await using aws = await AwsStandIn.start();
    publishImage(aws.world);
    const { id } = publishImage(aws.world, { name: 'small-1763939000', owner: undefined });
    const packer = await fakePacker(rig, async (build) => {
      if (isForAmi(build)) return buildAmiWell(build, 'us-west-2', id);
      await build.tool(`somebody prints ${build.call.env['AWS_SECRET_KEY'] ?? 'nothing'}`);
      await buildQuickly(build);
    });
    const env = { ...CREDENTIALS, AWS_ENDPOINT_URL: aws.endpoint };
    const { exitCode, stdout, stderr } = await rig.run(['--progress', 'json'], env);
    expect(exitCode, stderr).toBe(0);
    expect(packer.calls.map(({ args }) => only(args)).sort()).toEqual(['-only=amazon-ebs', '-only=qemu']);
    for (const call of packer.calls) {
      expect(call.env).toMatchObject(CREDENTIALS);
      expect(call.args.join(' ')).not.toContain(SECRET);
    }
    expect(stdout + stderr).not.toContain(SECRET);
    const written = await rig.everythingWritten();
    expect(written).not.toContain(SECRET);
    expect(written).toContain('somebody prints [secret]');
  });

  it('takes a flag before the variable', async () => {
    const packer = await fakePacker(rig, buildQuickly);
    const { exitCode } = await rig.run(['--image-name', 'by-flag', '--build-type=qemu'], CREDENTIALS);
    expect(exitCode).toBe(0);
    expect(packer.calls.map(({ args }) => only(args))).toEqual(['-only=qemu']);
    expect(await readdir(join(rig.imagePath, 'latest'))).toContain('by-flag.vmdk');
  });

  it('tells its story in events, one a line: the plan, phases in order, tasks with their time', async () => {
    await fakePacker(rig, buildQuickly);
    const { stdout, stderr } = await rig.run(['--progress', 'json']);
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as TimedEvent);
    const phases = events.flatMap((event) =>
      event.type === 'phase-started' || event.type === 'phase-finished'
        ? [`${event.phase} ${event.type.slice(6)}`]
        : [],
    );
    const order = ['base', 'prepare', 'boot', 'provision', 'save', 'convert', 'finish'];
    expect(phases).toEqual(order.flatMap((phase) => [`${phase} started`, `${phase} finished`]));
    expect(events.filter(({ type }) => type === 'task-finished')).toEqual([
      expect.objectContaining({ task: 'container-host : Install the packages', outcome: 'changed' }),
      expect.objectContaining({ task: 'container-host : Start the services', outcome: 'ok' }),
    ]);
    const made = events.flatMap((event) => (event.type === 'artifact-made' ? [event.file] : []));
    expect(made.sort()).toEqual([...IMAGES].sort());
    expect(events[0]?.type).toBe('plan-made');
    expect(events.at(-1)).toMatchObject({
      type: 'build-finished',
      login: expect.stringContaining('debian@ADDRESS') as string,
    });
    expect(stderr).toBe('');
  });

  it('needs less than 200 MB of memory for itself', async () => {
    let peakKiB = 0;
    await fakePacker(rig, async (build) => {
      // A long log is what could fill it.
      for (let part = 0; part < 40; part += 1)
        await build.tool(...Array.from({ length: 500 }, () => 'x'.repeat(200)));
      await buildQuickly({
        ...build,
        call: Object.assign(build.call, {
          exit: async () => {
            const status = await readFile(`/proc/${program.pid}/status`, 'utf8');
            peakKiB = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]);
            process.kill(build.call.pid, 'SIGKILL');
          },
        }),
      });
    });
    const program = rig.start([]);
    await program.ended;
    expect(peakKiB).toBeGreaterThan(10_000);
    expect(peakKiB).toBeLessThan(200_000);
  });

  it('works in a folder reached by a link, named from where the user stands, and tells that path', async () => {
    await fakePacker(rig, buildQuickly);
    await mkdir(rig.at('far/away'), { recursive: true });
    await symlink(rig.at('far/away'), rig.at('near'));
    const { exitCode, stdout } = await rig.run([], { IMAGE_PATH: './near' });
    expect(exitCode).toBe(0);
    expect(stdout).toContain(rig.at('near/'));
    expect(await readdir(rig.at('near/latest'))).toContain('small.vhd');
  });

  it('works with a strict umask, no home, and a long folder for temporary files', async () => {
    const packer = await fakePacker(rig, buildQuickly);
    const long = rig.at('t'.repeat(120));
    await mkdir(long);
    const argv = ['sh', '-c', 'umask 077; unset HOME; exec "$0"', join(rig.programFolder, 'start.sh')];
    await run(argv, { env: { ...rig.env, TMPDIR: long } });
    expect(await rig.visible()).toHaveLength(2);
    const control = packer.calls[0]?.env['ANSIBLE_SSH_CONTROL_PATH_DIR'] ?? '';
    expect(control.length).toBeLessThan(60);
  });

  it("keeps the user's settings of Ansible and Packer from garbling what is read of them", async () => {
    const packer = await fakePacker(rig, buildQuickly);
    await rig.run([], {
      ANSIBLE_STDOUT_CALLBACK: 'minimal',
      ANSIBLE_FORCE_COLOR: '1',
      ANSIBLE_VAULT_PASSWORD_FILE: 'v',
    });
    expect(packer.calls[0]?.env).toMatchObject({
      ANSIBLE_STDOUT_CALLBACK: 'default',
      ANSIBLE_FORCE_COLOR: '0',
      ANSIBLE_VAULT_PASSWORD_FILE: 'v',
      CHECKPOINT_DISABLE: '1',
    });
  });

  it('keeps the newest ten logs, and its own even if the clock was set back', async () => {
    const old = Array.from({ length: 12 }, (_, day) => `209901${String(day + 10)}-000000-1`);
    for (const name of old) await mkdir(join(rig.imagePath, '.logs', name), { recursive: true });
    await fakePacker(rig, buildQuickly);
    expect((await rig.run([])).exitCode).toBe(0);
    const kept = await readdir(join(rig.imagePath, '.logs'));
    expect(kept.filter((name) => old.includes(name)).sort()).toEqual(old.slice(-9));
    expect(kept).toHaveLength(10);
  });

  it('finds a base image by IMAGE_NAME, never writes to it, and leaves another base alone', async () => {
    const base = join(rig.imagePath, 'mine.img');
    await mkdir(rig.imagePath);
    await run(['cp', rig.at('base.qcow2'), base]);
    await utimes(base, 1, 1);
    const packer = await fakePacker(rig, buildQuickly);
    const { exitCode, stderr } = await rig.run([], { BASE_IMAGE: '', IMAGE_NAME: 'mine' });
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toMatch(/base image +mine\.img/);
    expect(packer.calls).toHaveLength(1);
    await run(['cmp', rig.at('base.qcow2'), base]);
    expect(await rig.visible()).toEqual([expect.any(String), 'latest', basename(base)]);
  });
});

const DOCUMENTS = [
  ...['SHA256SUMS', 'build.log', 'manifest.json', 'provenance.intoto.json', 'report.html'],
] as const;
const IMAGES = ['small.qcow2', 'small.vdi', 'small.vhd', 'small.vmdk'] as const;

import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { BUILDER_ACTIONS } from '../../src/aws/builder-policy.ts';
import type { BuildEvent } from '../../src/events.ts';
import { AwsStandIn } from '../fakes/aws/aws-stand-in.ts';
import { publishImage } from '../fakes/aws/published-image.ts';
import { BuildRig } from './build-rig.ts';
import { buildAmiWell, buildQuickly, fakePacker, isForAmi, type PackerBuild } from './fake-packer.ts';

/** Builds with an AMI, against the stand-in for EC2; Packer is a fake where nothing else is said. */
describe('a build with an AMI', () => {
  let rig: BuildRig;
  let aws: AwsStandIn;
  let count = 0;

  beforeAll(async () => {
    rig = await BuildRig.open();
  });
  afterAll(async () => {
    await rig[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    aws = await AwsStandIn.start();
    count += 1;
    rig.env['IMAGE_PATH'] = rig.at(`images-${count}`);
  });
  afterEach(async () => {
    await aws[Symbol.asyncDispose]();
  });

  const AMI_ALONE = { BUILD_TYPE: 'amazon-ebs' };
  const run = (env: NodeJS.ProcessEnv = {}, progress = 'plain') =>
    rig.run(['--progress', progress], { ...aws.env, ...env });
  const made = (): string => publishImage(aws.world, { name: 'small-1763939000', owner: undefined }).id;
  const manifest = async (): Promise<Record<string, unknown>> =>
    JSON.parse(await readFile(join(rig.imagePath, 'latest/manifest.json'), 'utf8')) as Record<
      string,
      unknown
    >;
  const answers = (ami: (build: PackerBuild) => Promise<void>, images = buildQuickly) =>
    fakePacker(rig, (build) => (isForAmi(build) ? ami(build) : images(build)));
  const fail = async (build: PackerBuild): Promise<void> => {
    await build.say('==> qemu: Starting VM, booting disk image', "Build 'qemu' errored: no luck");
    await build.call.exit(1);
  };

  it('alone is an output with manifest and report, and the AMI requires IMDSv2', async () => {
    const source = publishImage(aws.world);
    const id = made();
    let variables: Readonly<Record<string, string>> = {};
    await answers(async (build) => {
      ({ variables } = build);
      expect(JSON.parse(await readFile(variables['aws_user_data'] ?? '', 'utf8'))).toHaveProperty('ignition');
      await buildAmiWell(build, 'us-west-2', id);
    });
    const { exitCode, stdout, stderr } = await run({
      ...AMI_ALONE,
      DISK_SIZE: '20G',
      AWS_ENCRYPT: 'alias/own',
    });
    expect(exitCode, stderr).toBe(0);
    expect(variables).toMatchObject({
      aws_source_ami: source.id,
      aws_source_owner: '075585003325',
      aws_root_device: '/dev/xvda',
      aws_disk_gib: '20',
      aws_encrypt: 'true',
      aws_kms_key: 'alias/own',
      ssh_username: 'core',
    });
    const snapshotId = aws.world.region('us-west-2').images.get(id)?.blockDevices[0]?.snapshotId;
    const ami = [{ region: 'us-west-2', id, snapshotId, name: 'small-1763939000' }];
    expect(await manifest()).toMatchObject({ ami, artifacts: [], base: { family: 'flatcar' } });
    expect(await readFile(join(rig.imagePath, 'latest/report.html'), 'utf8')).toContain(id);
    expect((await readdir(join(rig.imagePath, 'latest'))).sort()).toEqual(
      ['SHA256SUMS', 'build.log', 'manifest.json', 'report.html'].sort(),
    );
    expect(stdout).toMatch(new RegExp(`${id} +us-west-2 +${snapshotId} +small-1763939000`));
    expect(aws.world.region('us-west-2').images.get(id)?.imdsSupport).toBe('v2.0');
  });

  it('alone needs no base image, no QEMU, and no room for images', async () => {
    publishImage(aws.world);
    await answers((build) => buildAmiWell(build, 'us-west-2', made()));
    for (const name of ['qemu-system-x86_64', 'qemu-img', 'xorriso']) {
      await rig.write(`no-qemu/${name}`, '#!/bin/sh\nexit 3\n');
      await chmod(rig.at(`no-qemu/${name}`), 0o755);
    }
    const env = {
      ...AMI_ALONE,
      PATH: `${rig.at('no-qemu')}:${rig.env['PATH']}`,
      BASE_IMAGE: rig.at('none.qcow2'),
      FORMATS: 'none',
    };
    const doctor = await rig.run(['doctor'], { ...aws.env, ...env });
    expect(doctor.exitCode, doctor.stdout).toBe(0);
    expect(doctor.stdout).not.toMatch(/qemu|base image|accelerator|formats|disk room/);
    const plan = await rig.run(['plan'], { ...aws.env, ...env });
    expect(plan.stderr).toMatch(/payload +container-host/);
    expect((await run(env)).exitCode).toBe(0);
    expect(await manifest()).toMatchObject({ payload: 'container-host', base: { family: 'flatcar' } });
    const shell = await rig.run(['shell'], { ...aws.env, ...env });
    expect(shell.stderr).toContain('shell does not go with BUILD_TYPE=amazon-ebs');
  });

  it('has phases and tasks that are told apart from those of the images', async () => {
    publishImage(aws.world);
    const id = made();
    await answers((build) => buildAmiWell(build, 'us-west-2', id));
    const { exitCode, stdout, stderr } = await run({}, 'json');
    expect(exitCode, stderr).toBe(0);
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as BuildEvent);
    const done = events.flatMap((event) =>
      event.type === 'phase-finished' && event.outcome !== 'failed' ? [event.phase] : [],
    );
    expect(done.filter((phase) => phase.startsWith('ami-'))).toEqual([
      'ami-prepare',
      'ami-boot',
      'ami-provision',
      'ami-save',
      'ami-finish',
    ]);
    expect(done.filter((phase) => !phase.startsWith('ami-'))).toEqual([
      ...['base', 'prepare', 'boot', 'provision', 'save', 'convert', 'finish'],
    ]);
    const tasks = events.flatMap((event) => (event.type === 'task-finished' ? [event.phase] : []));
    expect(tasks.sort()).toEqual(['ami-provision', 'provision', 'provision']);
    expect(await manifest()).toMatchObject({ ami: [{ id }], artifacts: [{}, {}, {}, {}] });
  });

  it('that fails leaves the images whole, and the exit code tells', async () => {
    const packer = await answers(fail);
    const { exitCode, stdout, stderr } = await run();
    expect(exitCode).toBe(1);
    expect(stderr).toContain('warning: AMI failed (source-ami-missing): us-west-2 has no AMI Flatcar-stable');
    expect(stderr).toMatch(/error: us-west-2 has no AMI Flatcar-stable.*; the rest is whole: .*\d{8}-\d{6}/);
    expect(stdout).toContain('small.vmdk');
    expect(await readdir(join(rig.imagePath, 'latest'))).toContain('small.qcow2');
    expect(packer.calls).toHaveLength(1);
    expect(await manifest()).not.toHaveProperty('ami');
  });

  it('is not lost when the images fail', async () => {
    publishImage(aws.world);
    const id = made();
    await answers((build) => buildAmiWell(build, 'us-west-2', id), fail);
    const { exitCode, stderr } = await run();
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/warning: local images failed \(packer-failed\)/);
    expect(stderr).toMatch(/error: packer ended with exit code 1; the rest is whole: /);
    expect(await manifest()).toMatchObject({ ami: [{ id }], artifacts: [] });
  });

  it('fails as a whole when both fail, and leaves no output', async () => {
    publishImage(aws.world);
    await answers(fail, fail);
    const { exitCode, stderr } = await run();
    expect(exitCode).toBe(1);
    expect(stderr).toContain('warning: AMI failed (packer-failed)');
    expect(await rig.visible()).toEqual([]);
  });

  it.each([
    ['secret that is wrong', { AWS_SECRET_ACCESS_KEY: 'wrong' }, /AWS does not take these credentials/],
    [
      'region that is wrong',
      { AWS_REGION: 'eu-nowhere-1' },
      /AWS does not take these credentials in eu-nowhere-1/,
    ],
    [
      'source AMI that is not there',
      { AWS_SOURCE_AMI: 'ami-00000000000000001' },
      /there is no AMI ami-00000000000000001 in us-west-2/,
    ],
    [
      'family that is not published there',
      { AWS_SOURCE_AMI: 'debian' },
      /us-west-2 has no AMI debian-12-amd64-\*/,
    ],
    [
      'source AMI of no form',
      { AWS_SOURCE_AMI: 'flatcat' },
      /AWS_SOURCE_AMI is "flatcat", which is not one of flatcar/,
    ],
    ['instance type of no form', { AWS_INSTANCE_TYPE: 'large' }, /AWS_INSTANCE_TYPE is "large"/],
  ])('of a %s is refused before Packer starts', async (_what, env, message) => {
    publishImage(aws.world);
    const packer = await answers(fail, fail);
    const { exitCode, stderr } = await run({ ...AMI_ALONE, ...env });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/hint: \S/);
    expect(packer.calls).toEqual([]);
    expect(await rig.visible()).toEqual([]);
  });

  it('of an image whose name tells nothing wants to be told its family', async () => {
    const { id } = publishImage(aws.world, { name: 'golden-42' });
    await answers(fail);
    const env = { ...AMI_ALONE, AWS_SOURCE_AMI: id, BASE_IMAGE: '', BASE_FAMILY: '' };
    const { exitCode, stderr } = await run(env);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`what ${id} ("golden-42") is made of is not known`);
  });

  it('of a template that names its source looks for no other one', async () => {
    const template = JSON.parse(await readFile(join(rig.programFolder, 'packer-config.json'), 'utf8')) as {
      builders: Record<string, unknown>[];
    };
    const builders = [{ type: 'amazon-ebs', source_ami: 'ami-00000000000000001' }];
    const own = join(rig.programFolder, 'template-source.json');
    await writeFile(own, JSON.stringify({ ...template, builders }));
    const id = made();
    let variables: Readonly<Record<string, string>> = {};
    await answers(async (build) => {
      ({ variables } = build);
      await buildAmiWell(build, 'us-west-2', id);
    });
    const unknown = await run({ ...AMI_ALONE, TEMPLATE: own, BASE_FAMILY: '' });
    expect(unknown.stderr).toContain("ami      of the template's source AMI, on t3.large");
    expect(unknown.stderr).toContain("what the template's source AMI is made of is not known");
    // No family is published in this account: one that was looked for would be missing.
    const { exitCode, stderr } = await run({ ...AMI_ALONE, TEMPLATE: own, BASE_FAMILY: 'ubuntu' });
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(variables).toMatchObject({ ssh_username: 'ubuntu' });
    expect(variables).not.toHaveProperty('aws_source_ami');
    expect(await manifest()).toMatchObject({ ami: [{ id }], base: { family: 'ubuntu' } });
  });

  it('is removed when the real Packer is stopped while AWS makes it, which leaves it', async () => {
    publishImage(aws.world);
    aws.world.registrationMs = 60_000;
    const template = JSON.parse(await readFile(join(rig.programFolder, 'packer-config.json'), 'utf8')) as {
      builders: Record<string, unknown>[];
    };
    const builders = template.builders.map((builder) => ({ ...builder, communicator: 'none' }));
    const own = join(rig.programFolder, 'template-stopped.json');
    await writeFile(own, JSON.stringify({ ...template, builders, provisioners: [] }));
    await answers(fail);
    const PATH = (rig.env['PATH'] ?? '').replace(rig.fakes.folder, rig.at('no-fakes'));
    const env = { ...aws.env, ...AMI_ALONE, AWS_POLL_DELAY_SECONDS: '1', TEMPLATE: own, PATH };
    const program = rig.start(['--progress', 'plain'], env);
    await vi.waitUntil(() => aws.world.countOf('CreateImage') > 0, { timeout: 60_000 });
    program.kill('SIGINT');
    expect((await program.ended).exitCode).toBe(130);
    const region = aws.world.region('us-west-2');
    expect([...region.images.values()].filter(({ owner }) => owner === undefined)).toEqual([]);
    expect(region.snapshots.size).toBe(1);
    expect(region.machines.leftovers(aws.world.clock.nowMs())).toEqual([]);
    // The policy has all that was asked for, before and after the stop.
    const asked = new Set(aws.world.requests.map((name) => `ec2:${name}`));
    expect(asked.size).toBeGreaterThan(10);
    expect(Object.values(BUILDER_ACTIONS).flat()).toEqual(expect.arrayContaining([...asked]));
  });

  it.each([
    [
      'name is taken',
      'small-fixed',
      () => publishImage(aws.world, { name: 'small-fixed', owner: undefined }),
      /an AMI of this name is there already: .*small-fixed/,
    ],
    [
      'instance is not allowed',
      'small-denied',
      () => aws.world.denied.add('ec2:RunInstances'),
      /may not do all that an AMI needs: .*ec2:RunInstances[^]*hint: publish policy --packer prints/,
    ],
    [
      'quota is used up',
      'small-quota',
      () => (aws.world.region('us-west-2').machines.instanceQuota = 0),
      /quota or AWS's stock does not allow it: .*VcpuLimitExceeded/,
    ],
    [
      'account has no default VPC',
      'small-vpc',
      () => (aws.world.region('us-west-2').machines.hasDefaultVpc = false),
      /no default VPC in this region: [^]*hint: set AWS_SUBNET/,
    ],
  ])('of the real Packer whose %s says so, and leaves nothing', async (_what, name, arrange, message) => {
    publishImage(aws.world);
    arrange();
    const template = await readFile(join(rig.programFolder, 'packer-config.json'), 'utf8');
    const own = join(rig.programFolder, `template-${name}.json`);
    await writeFile(own, template.replace('{{user `image_name`}}-{{timestamp}}', name));
    await answers(fail);
    const PATH = (rig.env['PATH'] ?? '').replace(rig.fakes.folder, rig.at('no-fakes'));
    const { exitCode, stderr } = await run({ ...AMI_ALONE, TEMPLATE: own, PATH });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(message);
    const region = aws.world.region('us-west-2');
    expect(region.machines.leftovers(aws.world.clock.nowMs())).toEqual([]);
  });
});

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { readPublished } from '../../src/output/published.ts';
import { run } from '../../src/system/process.ts';
import { AwsStandIn } from '../fakes/aws/aws-stand-in.ts';
import { publishImage } from '../fakes/aws/published-image.ts';
import type { Image } from '../fakes/aws/world.ts';
import { BuildRig, type Ended } from './build-rig.ts';
import { buildAmiWell, buildWell, fakePacker, isForAmi } from './fake-packer.ts';
import { bootSectors } from './publish-rig.ts';

/** Builds with BUILD_TYPE=ami against the stand-in: real disks and conversions, Packer alone is a fake. */
describe('an AMI of the disk that was built', () => {
  let rig: BuildRig;
  let aws: AwsStandIn;
  let count = 0;

  beforeAll(async () => {
    rig = await BuildRig.open();
    await writeFile(rig.at('head.raw'), bootSectors(true, false));
    await run(['truncate', '-s', '32M', rig.at('head.raw')]);
    await run(['qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', rig.at('head.raw'), rig.at('base.qcow2')]);
    await fakePacker(rig, (build) =>
      isForAmi(build) ? buildAmiWell(build, 'us-west-2', packersAmi()) : buildWell(build),
    );
  }, 60_000);
  afterAll(async () => {
    await rig[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    aws = await AwsStandIn.start({ speed: 100 });
    count += 1;
    rig.env['IMAGE_PATH'] = rig.at(`images-${count}`);
  });
  afterEach(async () => {
    await aws[Symbol.asyncDispose]();
  });

  const packersAmi = (): string => publishImage(aws.world, { name: 'small-1763939000', owner: undefined }).id;
  const build = (env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
    rig.run(['--progress', 'plain'], { ...aws.env, BUILD_TYPE: 'ami', FORMATS: 'qcow2', ...env });
  const images = (): Image[] => [...aws.world.region('us-west-2').images.values()];
  const folder = (): string => join(rig.imagePath, 'latest');

  it('is made in the same run, with its settings, and told of beside the output', async () => {
    aws.world.region('us-west-2').encryptionByDefault = false;
    const { exitCode, stdout, stderr } = await build({ AWS_ENCRYPT: 'true' });
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    const [image] = images();
    const snapshotId = image?.blockDevices[0]?.snapshotId ?? '';
    expect(image).toMatchObject({ name: expect.stringMatching(/^small-\d{8}-\d{6}$/) as unknown });
    expect(image).toMatchObject({ bootMode: 'legacy-bios', imdsSupport: 'v2.0' });
    expect(aws.world.region('us-west-2').snapshot(snapshotId)?.kmsKeyArn).toBeDefined();
    const ami = [{ region: 'us-west-2', id: image?.id, snapshotId, name: image?.name }];
    expect(await readPublished(folder())).toEqual(ami);
    expect(await readFile(join(folder(), 'report.html'), 'utf8')).toContain(image?.id);
    expect(JSON.parse(await readFile(join(folder(), 'manifest.json'), 'utf8'))).not.toHaveProperty('ami');
    expect(stderr).toMatch(/publish +an AMI of the finished disk in us-west-2, encrypted/);
    expect(stdout).toMatch(new RegExp(`${image?.id} +us-west-2 +${snapshotId} +${image?.name}`));
  });

  it('that fails keeps the output, and the command that is named goes on with it', async () => {
    aws.world.denied.add('ec2:RegisterImage');
    const { exitCode, stdout, stderr } = await build();
    expect(exitCode).toBe(1);
    expect(stdout).toContain('small.qcow2');
    expect(stderr).toMatch(/error: these credentials may not do ec2:RegisterImage in us-west-2/);
    const command = /this goes on: \.\/start\.sh (publish ami .*)/.exec(stderr)?.[1] ?? '';
    expect(await rig.visible()).toEqual([expect.stringMatching(/^\d{8}-\d{6}$/), 'latest']);
    aws.world.denied.clear();
    const snapshots = [...aws.world.region('us-west-2').snapshots.keys()];
    const again = await rig.run(command.split(' '), { ...aws.env, IMAGE_PATH: '' });
    expect({ exitCode: again.exitCode, stderr: again.stderr }).toMatchObject({ exitCode: 0 });
    expect(await readPublished(folder())).toMatchObject([{ id: images()[0]?.id, snapshotId: snapshots[0] }]);
  });

  it('is gone on with by the same build, which builds nothing', async () => {
    aws.world.denied.add('ebs:CompleteSnapshot');
    expect((await build()).exitCode).toBe(1);
    aws.world.denied.clear();
    const writes = aws.world.countOf('PutSnapshotBlock');
    const { exitCode, stdout, stderr } = await build();
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(aws.world.countOf('PutSnapshotBlock')).toBe(writes);
    expect(stdout).toContain('nothing has changed since');
    expect(stdout).toContain(images()[0]?.id);
    expect((await build()).stderr).toContain('publish: reused');
    expect(images()).toHaveLength(1);
  });

  it('stopped by Ctrl-C leaves the output, and says how to go on', async () => {
    aws.world.faults.some('PutSnapshotBlock', 1, [{ kind: 'slow', delayMs: 5000 }]);
    const env = { ...aws.env, BUILD_TYPE: 'ami', FORMATS: 'qcow2' };
    const program = rig.start(['--progress', 'plain'], env);
    await vi.waitUntil(() => aws.world.countOf('PutSnapshotBlock') > 0, { timeout: 90_000 });
    program.kill('SIGINT');
    const { exitCode, stderr } = await program.ended;
    expect(exitCode).toBe(130);
    expect(stderr).toMatch(/this goes on with the AMI of .*: \.\/start\.sh publish ami /);
    expect(stderr).toContain('left in the account: snapshot');
    expect(await rig.visible()).toEqual([expect.stringMatching(/^\d{8}-\d{6}$/), 'latest']);
  });

  it("stands beside Packer's", async () => {
    publishImage(aws.world);
    const { exitCode, stdout, stderr } = await build({ BUILD_TYPE: 'amazon-ebs,ami' });
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    const own = images().filter(({ owner }) => owner === undefined);
    expect(own.map(({ name }) => name)).toEqual(['small-1763939000', expect.stringMatching(/^small-\d{8}-/)]);
    for (const { id } of own) expect(stdout).toContain(id);
  });

  it.each([
    ['formats that cannot be published', { FORMATS: 'ova' }, /FORMATS is ova, .* hint: add one of these/s],
    ['a key that EBS does not take', { AWS_ENCRYPT: 'alias/own' }, /AWS_ENCRYPT is "alias\/own"/],
  ])('is refused of %s before anything is built', async (_what, env, message) => {
    const { exitCode, stderr } = await build(env);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(message);
    expect(await rig.visible()).toEqual([]);
  });
});

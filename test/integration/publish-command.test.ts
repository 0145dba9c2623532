import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPublished } from '../../src/output/published.ts';
import { hashFile } from '../../src/system/files.ts';
import { olderManifestText } from '../support/sample-manifest.ts';
import { BuildRig, type Ended } from './build-rig.ts';
import { PublishRig } from './publish-rig.ts';

let build: BuildRig;
let rig: PublishRig;

beforeAll(async () => {
  rig = await PublishRig.open();
  build = await BuildRig.open();
  const { accessKey, secretKey } = rig.aws.world;
  build.env = {
    ...build.env,
    // The original's own names.
    AWS_ACCESS_KEY: accessKey,
    AWS_SECRET_KEY: secretKey,
    AWS_ENDPOINT_URL: rig.aws.endpoint,
  };
});
afterAll(async () => {
  await build[Symbol.asyncDispose]();
  await rig[Symbol.asyncDispose]();
});

function publish(...args: string[]): Promise<Ended> {
  return build.run(['publish', ...args, '--progress', 'plain']);
}

/** A finished output with one image, which is this raw disk. */
async function outputOf(raw: string, stamp: string): Promise<string> {
  const folder = join(build.folder, stamp);
  await mkdir(folder, { recursive: true });
  await cp(raw, join(folder, 'small.raw'));
  const { length: bytes } = await readFile(raw);
  const artifact = {
    format: 'raw',
    file: 'small.raw',
    bytes,
    virtualBytes: bytes,
    sha256: await hashFile(raw),
  };
  const manifest = JSON.parse(olderManifestText()) as Record<string, unknown>;
  const text = JSON.stringify({ ...manifest, name: 'small', version: stamp, artifacts: [artifact] });
  await writeFile(join(folder, 'manifest.json'), text);
  return folder;
}

describe('publish', () => {
  it('makes an AMI of a finished output, which tells of it beside what its checksums cover', async () => {
    const folder = await outputOf(await rig.disk('d.raw'), '20261126-000000');
    const manifest = await readFile(join(folder, 'manifest.json'));
    const { exitCode, stdout, stderr } = await publish('ami', folder, '--region', 'us-east-1');
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    const [image] = [...rig.aws.world.region('us-east-1').images.values()];
    const snapshotId = image?.blockDevices[0]?.snapshotId;
    expect(stdout).toBe(`us-east-1  ${image?.id}  ${snapshotId}  small-20261126-000000\n`);
    expect(stderr).toMatch(/publish: send 100/);
    expect(stderr).not.toContain('Warning');
    const ami = [{ region: 'us-east-1', id: image?.id, snapshotId, name: 'small-20261126-000000' }];
    expect(await readPublished(folder)).toEqual(ami);
    expect(await readFile(join(folder, 'report.html'), 'utf8')).toContain(image?.id);
    expect(await readFile(join(folder, 'manifest.json'))).toEqual(manifest);
    const again = await publish('ami', folder, '--region', 'us-east-1');
    expect(again.stderr).toContain('publish: reused');
    expect(await readPublished(folder)).toEqual(ami);
  });

  it('refuses an output whose image is not what was built', async () => {
    const folder = await outputOf(await rig.disk('d.raw'), '20261126-000001');
    await rig.disk('other.raw', { blocks: { 0: 0, 1: 9 } });
    await cp(rig.at('other.raw'), join(folder, 'small.raw'));
    const { exitCode, stderr } = await publish('ami', folder);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('small.raw is not what was built');
  });

  it('says what it would do, and what it left, and removes that alone', async () => {
    const raw = await rig.disk('left.raw', { blocks: { 0: 0, 1: 3 } });
    const dry = await publish('ami', raw, '--dry-run');
    expect(dry.stderr).toMatch(/requests +about 2 to write, 2 to read/);
    expect(rig.snapshots).toEqual([]);
    rig.aws.world.denied.add('ec2:RegisterImage');
    const failed = await publish('ami', raw);
    rig.aws.world.denied.clear();
    const [snapshot] = rig.snapshots;
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toContain(`left in the account: snapshot ${snapshot?.id} in us-west-2`);
    expect(failed.stderr).toMatch(
      /error: these credentials may not do ec2:RegisterImage.*\n.*hint: allow ec2:Regis/,
    );
    const look = await publish('cleanup', '--dry-run');
    expect(look.stdout).toMatch(
      new RegExp(`us-west-2 +${snapshot?.id} +left +no AMI uses it, state completed\n1 would be removed\n`),
    );
    const cleanup = await publish('cleanup', '--copy-to', 'us-east-1');
    expect(cleanup.stdout).toMatch(/\n1 removed\n$/);
    expect(rig.snapshots).toEqual([]);
    expect(rig.aws.world.region('us-east-1').images.size).toBe(1);
    expect((await publish('cleanup')).stdout).toBe('nothing to remove\n');
  });

  it('removes an AMI that is named, with its snapshot', async () => {
    await publish('ami', await rig.disk('gone.raw', { blocks: { 0: 0, 1: 4 } }));
    const { stdout } = await publish('cleanup', 'gone');
    expect(stdout).toMatch(/ami-\w+ +gone +it was named\n.* +its AMI goes\n2 removed\n$/);
    expect(rig.snapshots).toEqual([]);
    expect(rig.aws.world.region('us-west-2').images.size).toBe(0);
  });

  it('prints the policy, without AWS', async () => {
    const { stdout } = await build.run(['publish', 'policy', '--region', 'eu-central-1'], {
      AWS_ENDPOINT_URL: '',
    });
    const policy = JSON.parse(stdout) as { Statement: { Sid: string; Resource: unknown }[] };
    expect(policy.Statement.find(({ Sid }) => Sid === 'StartSnapshots')?.Resource).toEqual([
      'arn:aws:ec2:eu-central-1::snapshot/*',
    ]);
  });

  it("prints the policy of Packer's builder, too", async () => {
    const { stdout } = await build.run(['publish', 'policy', '--packer', '--region', 'eu-central-1']);
    const text = JSON.stringify(JSON.parse(stdout));
    expect(text).toContain('ec2:RunInstances');
    expect(text).toContain('{"aws:RequestedRegion":"eu-central-1"}');
  });

  it.each([
    [['ami'], /nothing to publish is given/],
    [['everything'], /publish everything is not known/],
    [['ami', 'x.raw', '--share', 'me'], /--share "me" is not an account/],
    [['ami', 'none.raw'], /none\.raw does not exist/],
  ])('refuses %j', async (args, message) => {
    const { exitCode, stderr } = await publish(...args);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/hint: \S/);
    expect(exitCode).toBe(1);
  });

  it('keeps the secret key out of everything that it says', async () => {
    const wrong = 'wrongSecretWrongSecretWrong';
    const { stderr, stdout } = await build.run(
      ['publish', 'ami', await rig.disk('other.raw'), '--progress', 'json'],
      {
        AWS_SECRET_KEY: wrong,
      },
    );
    expect(stderr).toContain('AWS does not take these credentials');
    expect(stdout + stderr).not.toContain(wrong);
    expect(await build.everythingWritten()).not.toContain(rig.aws.world.secretKey);
  });
});

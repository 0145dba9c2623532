import { readFile, rm, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KEY_TAG } from '../../src/aws/tags.ts';
import type { PublishOptions } from '../../src/aws/publish-request.ts';
import { nothingLeftWith } from '../support/processes.ts';
import { TypescriptProgram } from '../support/typescript-program.ts';
import { PublishRig } from './publish-rig.ts';

let rig: PublishRig;

beforeEach(async () => {
  rig = await PublishRig.open();
});
afterEach(async () => {
  await rig[Symbol.asyncDispose]();
});

/** A disk of so many blocks that all differ. */
function fullDisk(name: string, blocks: number): Promise<string> {
  const fills = Array.from({ length: blocks }, (_, index) => [index, index % 251] as const);
  return rig.disk(name, { sizeMib: blocks / 2, blocks: Object.fromEntries(fills) });
}

/** A program that publishes a disk as a process of its own, to be killed. */
function publishProgram(path: string): Promise<TypescriptProgram> {
  return TypescriptProgram.start(
    `import { publishAmi } from './aws/publish-ami.ts';
     import { readPublishRequest } from './aws/publish-request.ts';
     const source = { path: process.env.DISK, name: 'small', description: 'a test' };
     await publishAmi(source, readPublishRequest({}, 'us-west-2', Date.now()), {
       stateFolder: process.env.STATE,
       keys: undefined,
       emit: () => undefined,
       signal: new AbortController().signal,
     });`,
    { DISK: path, STATE: rig.stateFolder },
  );
}

async function until(isSo: () => boolean): Promise<void> {
  await vi.waitFor(() => expect(isSo()).toBe(true), { timeout: 20_000, interval: 2 });
}

describe('a publish that was interrupted', () => {
  it('is gone on with after kill -9, and sends only what is missing', async () => {
    const raw = await fullDisk('d.raw', 200);
    const disk = await rig.toFormat(raw, 'qcow2', 'd.qcow2');
    rig.aws.world.faults.some('PutSnapshotBlock', 1, [{ kind: 'slow', delayMs: 20 }]);
    {
      await using program = await publishProgram(disk);
      await until(() => rig.aws.world.countOf('PutSnapshotBlock') > 100);
      program.child.kill('SIGKILL');
      expect(await program.ended()).toBe('SIGKILL');
    }
    rig.aws.world.faults.clear();
    const before = rig.takeWrites();
    const [image] = await rig.publish(disk, { verify: true });
    // Those under way when it was killed are sent again.
    expect(before + rig.takeWrites()).toBeLessThanOrEqual(200 + 64);
    expect(rig.snapshots.map(({ id }) => id)).toEqual([image?.snapshotId]);
    expect(await rig.wrongBlocks(rig.snapshot(image?.snapshotId), raw)).toEqual([]);
    // The server that it read the disk with.
    await nothingLeftWith(`STATE=${rig.stateFolder}`);
  });

  it('stops when it is told to, names what it leaves, and goes on from there', async () => {
    const raw = await fullDisk('d.raw', 100);
    const stop = new AbortController();
    rig.aws.world.faults.some('PutSnapshotBlock', 1, [{ kind: 'slow', delayMs: 20 }]);
    const publishing = rig.publish(raw, {}, stop.signal);
    await until(() => rig.aws.world.countOf('PutSnapshotBlock') > 40);
    stop.abort(new Error('enough'));
    await expect(publishing).rejects.toThrow('enough');
    const [snapshot] = rig.snapshots;
    expect(rig.notices()).toEqual([
      `left in the account: snapshot ${snapshot?.id} in us-west-2; the same command goes on with it, publish cleanup removes it`,
    ]);
    rig.aws.world.faults.clear();
    const [image] = await rig.publish(raw);
    expect(image?.snapshotId).toBe(snapshot?.id);
  });

  it('gets the same snapshot when it never heard that it was started', async () => {
    const raw = await rig.disk('d.raw');
    rig.aws.world.faults.next('StartSnapshot', { kind: 'cut-after' });
    await rig.publish(raw);
    expect(rig.snapshots).toHaveLength(1);
    expect(rig.aws.world.countOf('StartSnapshot')).toBe(2);
  });

  it('starts another snapshot when the first one was removed, though its token leads to it', async () => {
    const raw = await rig.disk('d.raw');
    rig.aws.world.denied.add('ebs:PutSnapshotBlock');
    await expect(rig.publish(raw)).rejects.toMatchObject({ code: 'aws-denied' });
    rig.aws.world.denied.clear();
    const [first] = rig.snapshots;
    // As if AWS had given it up.
    rig.aws.world.clock.moveOn(4321 * 60_000);
    const [image] = await rig.publish(raw);
    expect(image?.snapshotId).not.toBe(first?.id);
    expect(await rig.wrongBlocks(rig.snapshot(image?.snapshotId), raw)).toEqual([]);
  });

  it('finds what it registered when the answer was lost', async () => {
    const raw = await rig.disk('d.raw');
    for (const action of ['CompleteSnapshot', 'RegisterImage']) {
      rig.aws.world.faults.next(action, { kind: 'cut-after' });
    }
    const [image] = await rig.publish(raw);
    expect([...rig.aws.world.region('us-west-2').images.keys()]).toEqual([image?.id]);
  });

  it('sends all again into the same snapshot when this computer has forgotten what it sent', async () => {
    const raw = await fullDisk('d.raw', 20);
    rig.aws.world.denied.add('ebs:CompleteSnapshot');
    await expect(rig.publish(raw)).rejects.toMatchObject({ code: 'aws-denied' });
    rig.aws.world.denied.clear();
    await rm(rig.stateFolder, { recursive: true });
    const [image] = await rig.publish(raw);
    expect(rig.takeWrites()).toBe(40);
    expect(rig.snapshots.map(({ id }) => id)).toEqual([image?.snapshotId]);
  });
});

describe('trouble on the way', () => {
  it('ends well under throttling, 503, cut connections and damaged answers', async () => {
    const raw = await fullDisk('d.raw', 200);
    rig.aws.world.faults.some('PutSnapshotBlock', 0.1, [
      { kind: 'throttle' },
      { kind: 'unavailable' },
      { kind: 'server-error' },
      { kind: 'cut' },
      { kind: 'cut-after' },
      { kind: 'corrupt-echo' },
    ]);
    const [image] = await rig.publish(raw, { verify: true });
    expect(rig.aws.world.faults.count).toBeGreaterThan(5);
    expect(await rig.wrongBlocks(rig.snapshot(image?.snapshotId), raw)).toEqual([]);
  });

  it('notices that the disk changes while it is sent', async () => {
    const raw = await fullDisk('d.raw', 8);
    rig.aws.world.faults.next('StartSnapshot', { kind: 'slow', delayMs: 300 });
    const publishing = rig.publish(raw);
    await until(() => rig.aws.world.countOf('StartSnapshot') === 1);
    const disk = await readFile(raw);
    await writeFile(raw, disk.fill(0x77, 512 * 1024));
    await expect(publishing).rejects.toMatchObject({
      code: 'input-unreadable',
      message: expect.stringContaining('the disk was changed while it was read') as unknown,
    });
  });
});

describe('what cannot be published', () => {
  it('refuses a name that another image has, before anything is made', async () => {
    await rig.publish(await rig.disk('one.raw'));
    const other = await rig.disk('two.raw', { blocks: { 0: 0, 5: 5 } });
    await expect(rig.publish(other)).rejects.toMatchObject({
      code: 'ami-name-taken',
      message: expect.stringMatching(
        /us-west-2 has an AMI small already, ami-\w+, which is of another disk/,
      ) as unknown,
    });
    expect(rig.snapshots).toHaveLength(1);
    rig.image([...rig.aws.world.region('us-west-2').images.keys()][0]).tags.delete(KEY_TAG);
    await expect(rig.publish(other)).rejects.toThrow(/was not made by this program/);
  });

  it('refuses a name that another image has in a region to copy to, before anything is made', async () => {
    await rig.publish(await rig.disk('one.raw'), { region: 'us-east-1' });
    const other = await rig.disk('two.raw', { blocks: { 0: 0, 5: 5 } });
    await expect(rig.publish(other, { copyTo: 'us-east-1' })).rejects.toMatchObject({
      code: 'ami-name-taken',
      message: expect.stringContaining('us-east-1 has an AMI small already') as unknown,
    });
    expect(rig.snapshots).toEqual([]);
  });

  it('takes no image without its zeros for one that needs them', async () => {
    const raw = await rig.disk('d.raw');
    await rig.publish(raw);
    await expect(rig.publish(raw, { allBlocks: true })).rejects.toThrow(/lacks the blocks of zeros/);
  });

  it.each<[string, PublishOptions, RegExp]>([
    [
      'UEFI of a disk with BIOS alone',
      { bootMode: 'uefi' },
      /cannot be started as uefi: it has no EFI system partition/,
    ],
    ['both of it', { bootMode: 'uefi-preferred' }, /cannot be started as uefi-preferred/],
  ])('refuses %s', async (_what, options, message) => {
    const raw = await rig.disk('d.raw', { uefi: false });
    await expect(rig.publish(raw, options)).rejects.toMatchObject({
      code: 'disk-unbootable',
      message: expect.stringMatching(message) as unknown,
    });
    expect(rig.aws.world.requests).toEqual([]);
    const [image] = await rig.publish(raw);
    expect(rig.image(image?.id).bootMode).toBe('legacy-bios');
  });

  it('takes a disk with UEFI alone as such, and refuses one that starts by nothing', async () => {
    const [image] = await rig.publish(await rig.disk('uefi.raw', { bios: false }));
    expect(rig.image(image?.id).bootMode).toBe('uefi');
    const nothing = await rig.disk('nothing.raw', { bios: false, uefi: false });
    await expect(rig.publish(nothing)).rejects.toMatchObject({ code: 'disk-unbootable' });
  });

  it.each([
    ['ebs:StartSnapshot'],
    ['ebs:PutSnapshotBlock'],
    ['ebs:ListSnapshotBlocks'],
    ['ec2:RegisterImage'],
    ['ec2:DescribeImages'],
    ['ec2:GetEbsEncryptionByDefault'],
  ])('names %s when it is not allowed', async (action) => {
    rig.aws.world.denied.add(action);
    await expect(rig.publish(await rig.disk('d.raw'))).rejects.toMatchObject({
      code: 'aws-denied',
      message: expect.stringContaining(`may not do ${action} in us-west-2`) as unknown,
      hint: expect.stringContaining('publish policy') as unknown,
    });
    // What was made is named.
    expect(rig.notices().length).toBe(rig.snapshots.length);
  });

  it('says so when there are no credentials, wrong ones, or another region', async () => {
    const raw = await rig.disk('d.raw');
    await expect(rig.publish(raw, { region: 'us-north-9' })).rejects.toMatchObject({
      code: 'credentials-refused',
      message: expect.stringContaining("valid region, not 'us-north-9'") as unknown,
    });
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'another');
    await expect(rig.publish(raw)).rejects.toMatchObject({ code: 'credentials-refused' });
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) vi.stubEnv(name, '');
    vi.stubEnv('HOME', rig.folder);
    await expect(rig.publish(raw)).rejects.toMatchObject({ code: 'credentials-missing' });
    expect(rig.aws.world.requests.filter((name) => !name.startsWith('Describe'))).toEqual([]);
  });

  it('says so when a quota is used up', async () => {
    rig.aws.world.pendingSnapshotQuota = 0;
    await expect(rig.publish(await rig.disk('d.raw'))).rejects.toMatchObject({
      code: 'aws-quota',
      message: expect.stringContaining('quota in us-west-2 does not allow ebs:StartSnapshot') as unknown,
    });
    expect(rig.notices()).toEqual([]);
  });

  it('names the copies that are there when one of them fails', async () => {
    const raw = await rig.disk('d.raw');
    rig.aws.world.faults.next('CopyImage', { kind: 'slow', delayMs: 100 });
    rig.aws.world.denied.add('ec2:CopyImage');
    const publishing = rig.publish(raw, { copyTo: 'us-east-1,eu-central-1' });
    await expect(publishing).rejects.toMatchObject({ code: 'aws-denied' });
    expect(rig.notices()[0]).toMatch(
      /snapshot snap-\w+ in us-west-2; AMI ami-\w+ in us-west-2; the same command/,
    );
    rig.aws.world.denied.clear();
    expect((await rig.publish(raw, { copyTo: 'us-east-1' })).map(({ wasThere }) => wasThere)).toEqual([
      true,
      false,
    ]);
  });

  it('does not share what the account encrypts with its own key', async () => {
    rig.aws.world.region('us-west-2').encryptionByDefault = true;
    await expect(rig.publish(await rig.disk('d.raw'), { share: '999988887777' })).rejects.toMatchObject({
      code: 'settings-invalid',
    });
    expect(rig.snapshots).toEqual([]);
  });

  it('refuses a second publish at the same time', async () => {
    const raw = await fullDisk('d.raw', 20);
    rig.aws.world.faults.some('PutSnapshotBlock', 1, [{ kind: 'slow', delayMs: 50 }]);
    const first = rig.publish(raw);
    await until(() => rig.aws.world.countOf('PutSnapshotBlock') > 0);
    await expect(rig.publish(raw)).rejects.toMatchObject({ code: 'publish-busy' });
    await first;
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PublishRig } from './publish-rig.ts';

let rig: PublishRig;

beforeEach(async () => {
  rig = await PublishRig.open();
});
afterEach(async () => {
  await rig[Symbol.asyncDispose]();
});

describe('publish ami', () => {
  it('makes an image whose volume is the disk, and sends only blocks with data', async () => {
    const raw = await rig.disk('d.raw');
    const [image] = await rig.publish(await rig.toFormat(raw, 'qcow2', 'd.qcow2'));
    expect(image).toMatchObject({ region: 'us-west-2', name: 'small', wasThere: false });
    expect(rig.image(image?.id)).toMatchObject({
      architecture: 'x86_64',
      virtualizationType: 'hvm',
      bootMode: 'uefi-preferred',
      enaSupport: true,
      imdsSupport: 'v2.0',
      blockDevices: [{ snapshotId: image?.snapshotId, volumeType: 'gp3', deleteOnTermination: true }],
    });
    expect(rig.takeWrites()).toBe(3);
    expect(await rig.wrongBlocks(rig.snapshot(image?.snapshotId), raw)).toEqual([]);
  });

  it.each([['vdi'], ['vpc'], ['vmdk'], ['vhdx'], ['qcow2']])('reads a disk in %s', async (format) => {
    const raw = await rig.disk('d.raw', { sizeMib: 17 });
    const [image] = await rig.publish(await rig.toFormat(raw, format, `d.${format}`));
    expect(await rig.wrongBlocks(rig.snapshot(image?.snapshotId), raw)).toEqual([]);
  });

  it('writes all blocks of an encrypted volume, where what is not written reads as noise', async () => {
    const raw = await rig.disk('d.raw');
    const [image] = await rig.publish(raw, { encrypt: true });
    const snapshot = rig.snapshot(image?.snapshotId);
    expect(snapshot.kmsKeyArn).toContain(':kms:');
    expect(snapshot.blocks.size).toBe(2048);
    expect(await rig.wrongBlocks(snapshot, raw)).toEqual([]);
  });

  it.each([
    [
      'the account encrypts everything',
      'us-west-2',
      'with the default key',
      'the account encrypts all snapshots',
    ],
    [
      'a region that it copies to encrypts everything',
      'us-east-1',
      'none, but all blocks are written',
      'a region to copy to encrypts all snapshots',
    ],
  ])('writes all blocks too when %s, though nobody asked for it', async (_what, region, value, why) => {
    rig.aws.world.region(region).encryptionByDefault = true;
    await rig.publish(await rig.disk('d.raw'), { copyTo: 'us-east-1', dryRun: true });
    expect(rig.planRows()).toContainEqual({ label: 'encryption', value, why });
    expect(rig.planRows()).toContainEqual({ label: 'to send', value: '2048 blocks, 1024 MiB' });
  });

  it('finds the same disk under the same name, and makes nothing twice', async () => {
    const raw = await rig.disk('d.raw');
    const [first] = await rig.publish(raw);
    const [second] = await rig.publish(await rig.toFormat(raw, 'vdi', 'other.vdi'));
    expect(second).toEqual({ ...first, wasThere: true });
    expect(rig.takeWrites()).toBe(3);
    expect(rig.snapshots).toHaveLength(1);
  });

  it('sends only what has changed since an earlier publish, and zeros where data were', async () => {
    await rig.publish(await rig.disk('old.raw', { blocks: { 0: 0, 1: 1, 2: 2, 3: 3, 4: 4 } }), {
      name: 'old',
    });
    expect(rig.takeWrites()).toBe(5);
    const raw = await rig.disk('new.raw', { sizeMib: 18, blocks: { 0: 0, 1: 1, 2: 9, 4: 4, 33: 7 } });
    const [image] = await rig.publish(raw, { name: 'new', verify: true });
    expect(rig.takeWrites()).toBe(3);
    const snapshot = rig.snapshot(image?.snapshotId);
    expect([...snapshot.blocks.keys()].sort((a, b) => a - b)).toEqual([2, 3, 33]);
    expect(await rig.wrongBlocks(snapshot, raw)).toEqual([]);
  });

  it('stands on no snapshot that is encrypted otherwise', async () => {
    const raw = await rig.disk('d.raw');
    const [image] = await rig.publish(raw, { name: 'plain' });
    await rig.publish(raw, { name: 'secret', encrypt: true, dryRun: true });
    expect(rig.planRows()).toContainEqual({ label: 'snapshot', value: 'new' });
    await rig.publish(raw, { name: 'plain too', dryRun: true });
    const why = `upon ${image?.snapshotId}: only what differs`;
    expect(rig.planRows()).toContainEqual({ label: 'snapshot', value: 'new', why });
  });

  it('copies, shares and deprecates, in each region', async () => {
    const images = await rig.publish(await rig.disk('d.raw'), {
      copyTo: 'us-east-1,eu-central-1',
      share: '999988887777',
      deprecateAt: '2030-01-01',
    });
    expect(images.map(({ region }) => region)).toEqual(['us-west-2', 'us-east-1', 'eu-central-1']);
    for (const { id, region, snapshotId } of images) {
      expect(rig.image(id, region).sharedWith).toEqual(new Set(['999988887777']));
      expect(rig.image(id, region).deprecationTime).toBe('2030-01-01T00:00:00.000Z');
      expect(rig.snapshot(snapshotId, region).sharedWith).toEqual(new Set(['999988887777']));
    }
  });

  it('adds a region to an image that is there already', async () => {
    const raw = await rig.disk('d.raw');
    await rig.publish(raw);
    const images = await rig.publish(raw, { copyTo: 'us-east-1' });
    expect(images.map(({ wasThere }) => wasThere)).toEqual([true, false]);
    expect(rig.takeWrites()).toBe(3);
  });

  it('only says what it would make, when asked so', async () => {
    expect(await rig.publish(await rig.disk('d.raw'), { dryRun: true, copyTo: 'us-east-1' })).toEqual([]);
    expect(rig.snapshots).toEqual([]);
    expect(rig.planRows()).toContainEqual({
      label: 'requests',
      value: 'about 3 to write, 3 to read, 31 others',
    });
    expect(rig.planRows()).toContainEqual({ label: 'snapshot', value: 'new' });
    expect(rig.planRows()).toContainEqual({ label: 'copy to us-east-1', value: 'new' });
  });

  it('reads all back when asked so, and finds what is not the disk', async () => {
    const raw = await rig.disk('d.raw', {
      blocks: Object.fromEntries(Array.from({ length: 32 }, (_, i) => [i, 7])),
    });
    await rig.publish(raw, { verify: true, name: 'whole' });
    expect(rig.aws.world.countOf('GetSnapshotBlock')).toBe(32);
    const [snapshot] = rig.snapshots;
    // As if the service had lost a block of the parent.
    snapshot?.blocks.delete(5);
    await expect(rig.publish(raw, { name: 'broken' })).rejects.toMatchObject({
      code: 'compare-failed',
      message: expect.stringMatching(/block 5 of the disk is not in snap-/) as unknown,
    });
    const left = rig.events.find((event) => event.type === 'notice');
    expect(left?.text).toMatch(
      /left in the account: snapshot snap-\w+ in us-west-2; publish cleanup removes it/,
    );
    expect([...rig.aws.world.region('us-west-2').images.values()].map(({ name }) => name)).toEqual(['whole']);
  });
});

import type { EBSClient } from '@aws-sdk/client-ebs';
import {
  CopyImageCommand,
  CreateTagsCommand,
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  DescribeSnapshotsCommand,
  type EC2Client,
  EnableImageDeprecationCommand,
  GetEbsEncryptionByDefaultCommand,
  ModifyImageAttributeCommand,
  ModifySnapshotAttributeCommand,
  RegisterImageCommand,
  type RegisterImageCommandInput,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AwsStandIn } from './aws-stand-in.ts';
import { QueryParams } from './ec2/query-params.ts';
import { clientsOf, makeSnapshot } from './sdk.ts';

let aws: AwsStandIn;
let ebs: EBSClient;
let ec2: EC2Client;

beforeEach(async () => {
  aws = await AwsStandIn.start();
  ({ ebs, ec2 } = clientsOf(aws));
});
afterEach(async () => {
  await aws[Symbol.asyncDispose]();
});

function refusal(name: string): unknown {
  return expect.objectContaining({ name }) as unknown;
}

async function completedSnapshot(): Promise<string> {
  const id = await makeSnapshot(ebs, { 0: 1 });
  aws.world.clock.moveOn(aws.world.completionMs);
  return id;
}

async function register(
  SnapshotId: string,
  options: Partial<RegisterImageCommandInput> = {},
): Promise<string> {
  const { ImageId = '' } = await ec2.send(
    new RegisterImageCommand({
      Name: 'debian-1',
      Architecture: 'x86_64',
      VirtualizationType: 'hvm',
      RootDeviceName: '/dev/xvda',
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { SnapshotId, VolumeType: 'gp3' } }],
      ...options,
    }),
  );
  return ImageId;
}

describe('images', () => {
  it('are pending first, then available, with all that they were registered with', async () => {
    const snapshot = await completedSnapshot();
    const id = await register(snapshot, {
      BootMode: 'uefi-preferred',
      EnaSupport: true,
      ImdsSupport: 'v2.0',
      SriovNetSupport: 'simple',
      TagSpecifications: [{ ResourceType: 'image', Tags: [{ Key: 'a', Value: 'b & <c>' }] }],
    });
    const look = async (): Promise<unknown> =>
      (await ec2.send(new DescribeImagesCommand({ ImageIds: [id] }))).Images?.[0];
    expect(await look()).toMatchObject({ State: 'pending' });
    aws.world.clock.moveOn(aws.world.registrationMs);
    expect(await look()).toMatchObject({
      State: 'available',
      Architecture: 'x86_64',
      BootMode: 'uefi-preferred',
      EnaSupport: true,
      ImdsSupport: 'v2.0',
      BlockDeviceMappings: [{ Ebs: { SnapshotId: snapshot, VolumeType: 'gp3', VolumeSize: 1 } }],
      Tags: [{ Key: 'a', Value: 'b & <c>' }],
    });
  });

  it('are i386 and paravirtual when nobody says otherwise', async () => {
    const id = await register(await completedSnapshot(), {
      Architecture: undefined,
      VirtualizationType: undefined,
    });
    const { Images } = await ec2.send(new DescribeImagesCommand({ ImageIds: [id] }));
    expect(Images?.[0]).toMatchObject({ Architecture: 'i386', VirtualizationType: 'paravirtual' });
  });

  it.each<[string, Partial<RegisterImageCommandInput>, string]>([
    ['a name that is too short', { Name: 'a' }, 'InvalidAMIName.Malformed'],
    ['a root that is not mapped', { RootDeviceName: '/dev/sda1' }, 'InvalidBlockDeviceMapping'],
    ['a boot mode that is none', { BootMode: 'floppy' as 'uefi' }, 'InvalidParameterValue'],
    ['a parameter that nobody knows', { KernelId: 'aki-1' }, 'UnknownParameter'],
  ])('refuse %s', async (_what, options, code) => {
    await expect(register(await completedSnapshot(), options)).rejects.toEqual(refusal(code));
  });

  it('refuse a name in use, a snapshot that is unknown, and one that is pending', async () => {
    const snapshot = await completedSnapshot();
    await register(snapshot);
    await expect(register(snapshot)).rejects.toEqual(refusal('InvalidAMIName.Duplicate'));
    const free = { Name: 'another' };
    await expect(register('snap-0123456789abcdef0', free)).rejects.toEqual(
      refusal('InvalidSnapshot.NotFound'),
    );
    await expect(register(await makeSnapshot(ebs, { 0: 1 }), free)).rejects.toEqual(
      refusal('IncorrectState'),
    );
  });

  it('are found by filters, page by page', async () => {
    const snapshot = await completedSnapshot();
    for (const place of [1, 2, 3, 4, 5, 6, 7]) await register(snapshot, { Name: `debian-${place}` });
    const find = async (Name: string, ...Values: string[]): Promise<(string | undefined)[]> =>
      (
        await ec2.send(new DescribeImagesCommand({ Owners: ['self'], Filters: [{ Name, Values }] }))
      ).Images?.map((image) => image.Name) ?? [];
    expect(await find('name', 'debian-3')).toEqual(['debian-3']);
    expect(await find('name', '*-2', 'debian-?')).toHaveLength(7);
    expect(await find('state', 'available')).toEqual([]);
    expect(await find('block-device-mapping.snapshot-id', snapshot)).toHaveLength(7);
    await expect(find('colour', 'red')).rejects.toEqual(refusal('InvalidParameterValue'));
    const first = await ec2.send(new DescribeImagesCommand({ Owners: ['self'], MaxResults: 5 }));
    const { NextToken } = first;
    const second = await ec2.send(new DescribeImagesCommand({ Owners: ['self'], MaxResults: 5, NextToken }));
    expect([first.Images?.length, second.Images?.length, second.NextToken]).toEqual([5, 2, undefined]);
  });

  it('are copied to another region once for a token, with a snapshot of their own', async () => {
    const id = await register(await completedSnapshot());
    const copy = new CopyImageCommand({
      Name: 'debian-1',
      SourceImageId: id,
      SourceRegion: 'us-west-2',
      ClientToken: 'once',
      TagSpecifications: [{ ResourceType: 'snapshot', Tags: [{ Key: 'k', Value: 'v' }] }],
    });
    const east = clientsOf(aws, 'us-east-1').ec2;
    await expect(east.send(copy)).rejects.toEqual(refusal('InvalidAMIID.Unavailable'));
    aws.world.clock.moveOn(aws.world.registrationMs);
    const { ImageId = '' } = await east.send(copy);
    expect((await east.send(copy)).ImageId).toBe(ImageId);
    aws.world.clock.moveOn(aws.world.copyMs);
    const { Images = [] } = await east.send(new DescribeImagesCommand({ ImageIds: [ImageId] }));
    expect(Images[0]?.State).toBe('available');
    const { Snapshots } = await east.send(
      new DescribeSnapshotsCommand({ OwnerIds: ['self'], Filters: [{ Name: 'tag:k', Values: ['v'] }] }),
    );
    expect(Snapshots).toMatchObject([
      { SnapshotId: Images[0]?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId, State: 'completed' },
    ]);
  });

  it('are shared with accounts, deprecated at a date to come, and tagged', async () => {
    const id = await register(await completedSnapshot());
    const share = (UserId: string): Promise<unknown> =>
      ec2.send(new ModifyImageAttributeCommand({ ImageId: id, LaunchPermission: { Add: [{ UserId }] } }));
    await share('999988887777');
    await expect(share('me')).rejects.toEqual(refusal('InvalidAMIAttributeItemValue'));
    const deprecate = (date: string): Promise<unknown> =>
      ec2.send(new EnableImageDeprecationCommand({ ImageId: id, DeprecateAt: new Date(date) }));
    await expect(deprecate('2001-01-01')).rejects.toEqual(refusal('InvalidParameterValue'));
    await deprecate(new Date(Date.now() + 86_400_000).toISOString());
    await ec2.send(new CreateTagsCommand({ Resources: [id], Tags: [{ Key: 'k', Value: 'v' }] }));
    const image = aws.world.region('us-west-2').images.get(id);
    expect(image?.sharedWith).toEqual(new Set(['999988887777']));
    expect(image?.deprecationTime).toMatch(/:00\.000Z$/);
    expect(image?.tags.get('k')).toBe('v');
  });
});

describe('snapshots', () => {
  it('cannot be deleted while an image uses them', async () => {
    const SnapshotId = await completedSnapshot();
    const ImageId = await register(SnapshotId);
    const remove = new DeleteSnapshotCommand({ SnapshotId });
    await expect(ec2.send(remove)).rejects.toThrow(`${SnapshotId} is currently in use by ${ImageId}`);
    await ec2.send(new DeregisterImageCommand({ ImageId }));
    await ec2.send(remove);
    await expect(ec2.send(remove)).rejects.toEqual(refusal('InvalidSnapshot.NotFound'));
    await expect(ec2.send(new DeregisterImageCommand({ ImageId }))).rejects.toEqual(
      refusal('InvalidAMIID.NotFound'),
    );
  });

  it('tell their state, and whether they are encrypted', async () => {
    const id = await makeSnapshot(ebs, { 0: 1 });
    const look = async (): Promise<unknown> =>
      (await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [id] }))).Snapshots?.[0];
    expect(await look()).toMatchObject({ State: 'pending', VolumeSize: 1, Encrypted: false });
    aws.world.clock.moveOn(aws.world.completionMs);
    expect(await look()).toMatchObject({ State: 'completed' });
    await expect(ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: ['snap-x'] }))).rejects.toEqual(
      refusal('InvalidSnapshotID.Malformed'),
    );
  });

  it('cannot be shared when they are encrypted with the default key', async () => {
    aws.world.region('us-west-2').encryptionByDefault = true;
    const SnapshotId = await makeSnapshot(ebs, { 0: 1 });
    const share = new ModifySnapshotAttributeCommand({
      SnapshotId,
      CreateVolumePermission: { Add: [{ UserId: '999988887777' }] },
    });
    await expect(ec2.send(share)).rejects.toEqual(refusal('InvalidParameterValue'));
    const { EbsEncryptionByDefault } = await ec2.send(new GetEbsEncryptionByDefaultCommand({}));
    expect(EbsEncryptionByDefault).toBe(true);
  });
});

describe('who may ask', () => {
  it('refuses a wrong secret and another region, and names a denied action', async () => {
    const ask = new DescribeSnapshotsCommand({ OwnerIds: ['self'] });
    await expect(clientsOf(aws, 'us-west-2', 'another').ec2.send(ask)).rejects.toEqual(
      refusal('AuthFailure'),
    );
    await expect(clientsOf(aws, 'mars-north-1').ec2.send(ask)).rejects.toThrow(/valid region/);
    aws.world.denied.add('ec2:DescribeSnapshots');
    await expect(ec2.send(ask)).rejects.toThrow(/not authorized to perform: ec2:DescribeSnapshots/);
  });

  it('throttles as EC2 does', async () => {
    aws.world.faults.next('DescribeSnapshots', { kind: 'throttle' });
    await expect(ec2.send(new DescribeSnapshotsCommand({ OwnerIds: ['self'] }))).rejects.toEqual(
      refusal('RequestLimitExceeded'),
    );
  });
});

describe('the parameters of the query protocol', () => {
  it('are read by name, as lists and as parts, and what nobody asked for is refused', () => {
    const params = QueryParams.parse(
      'Action=A&Version=1&Owner.1=self&Filter.1.Name=name&Filter.1.Value.1=x&Filter.1.Value.2=y%20z&Flag=true',
    );
    expect(params.list('Owner')).toEqual(['self']);
    const [filter] = params.items('Filter');
    expect([filter?.require('Name'), filter?.list('Value')]).toEqual(['name', ['x', 'y z']]);
    expect(() => params.refuseUnused()).toThrow('The parameter Flag is not recognized');
    expect(params.flag('Flag')).toBe(true);
    expect(() => params.refuseUnused()).not.toThrow();
    expect(() => params.require('Name')).toThrow('must contain the parameter Name');
  });
});

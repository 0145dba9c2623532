import {
  AuthorizeSecurityGroupIngressCommand,
  CreateImageCommand,
  CreateKeyPairCommand,
  CreateSecurityGroupCommand,
  DeleteKeyPairCommand,
  DeleteSecurityGroupCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeVolumesCommand,
  type EC2Client,
  ModifyImageAttributeCommand,
  ModifyInstanceAttributeCommand,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { createPrivateKey } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parsePublicKeyFile } from '../../../src/keys/public-key.ts';
import { AwsStandIn } from './aws-stand-in.ts';
import type { Instance } from './ec2/machines.ts';
import { publishImage } from './published-image.ts';
import { clientsOf } from './sdk.ts';
import type { Image } from './world.ts';

let aws: AwsStandIn;
let ec2: EC2Client;
let source: Image;

beforeEach(async () => {
  aws = await AwsStandIn.start();
  ({ ec2 } = clientsOf(aws));
  source = publishImage(aws.world);
});
afterEach(async () => {
  await aws[Symbol.asyncDispose]();
});

const machines = () => aws.world.region('us-west-2').machines;
const later = (): void => aws.world.clock.moveOn(60_000);
const refusal = (name: string): unknown => expect.objectContaining({ name }) as unknown;

async function group(name = 'packer'): Promise<string> {
  const request = new CreateSecurityGroupCommand({ GroupName: name, Description: 'temporary' });
  return (await ec2.send(request)).GroupId ?? '';
}

async function launch(options: Partial<RunInstancesCommandInput> = {}): Promise<string> {
  const { Instances = [] } = await ec2.send(
    new RunInstancesCommand({
      ImageId: source.id,
      InstanceType: 't3.large',
      MinCount: 1,
      MaxCount: 1,
      ...options,
    }),
  );
  return Instances[0]?.InstanceId ?? '';
}

async function stateOf(id: string): Promise<string | undefined> {
  const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  return Reservations?.[0]?.Instances?.[0]?.State?.Name;
}

describe('an instance', () => {
  it('is told to the host with its key and its user data, and goes through its states in virtual time', async () => {
    const told: string[] = [];
    let publicKey: string | undefined;
    machines().host = {
      address: '127.0.0.9',
      launched: ({ userData = '' }: Instance, key) => {
        publicKey = key;
        told.push(`launched ${userData}`);
      },
      stopped: () => told.push('stopped'),
      terminated: () => told.push('terminated'),
    };
    const { KeyMaterial = '' } = await ec2.send(new CreateKeyPairCommand({ KeyName: 'mine' }));
    const id = await launch({ KeyName: 'mine', UserData: Buffer.from('#cloud-config').toString('base64') });
    expect(await stateOf(id)).toBe('pending');
    later();
    const { Reservations } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    expect(Reservations?.[0]?.Instances?.[0]).toMatchObject({
      State: { Name: 'running' },
      PublicIpAddress: '127.0.0.9',
    });
    await ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
    expect(await stateOf(id)).toBe('stopping');
    later();
    expect(await stateOf(id)).toBe('stopped');
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    later();
    expect(await stateOf(id)).toBe('terminated');
    expect(told).toEqual(['launched #cloud-config', 'stopped', 'terminated']);
    expect(parsePublicKeyFile(publicKey ?? '', 'key').type).toBe('ssh-rsa');
    expect(createPrivateKey(KeyMaterial).asymmetricKeyType).toBe('rsa');
  });

  it.each<[string, Partial<RunInstancesCommandInput>, string]>([
    ['of an unknown image', { ImageId: 'ami-00000000000000001' }, 'InvalidAMIID.NotFound'],
    ['of an unknown type', { InstanceType: 't9.huge' as 't3.large' }, 'InvalidParameterValue'],
    ['with an unknown key', { KeyName: 'nobody' }, 'InvalidKeyPair.NotFound'],
    ['in an unknown group', { SecurityGroupIds: ['sg-00000000000000001'] }, 'InvalidGroup.NotFound'],
    ['in an unknown subnet', { SubnetId: 'subnet-00000000000000001' }, 'InvalidSubnetID.NotFound'],
    ['with user data that is no base64', { UserData: '#cloud-config' }, 'InvalidParameterValue'],
    [
      'with too much user data',
      { UserData: Buffer.alloc(16_385).toString('base64') },
      'InvalidParameterValue',
    ],
    [
      'on a disk that is too small',
      { BlockDeviceMappings: root({ VolumeSize: 7 }) },
      'InvalidBlockDeviceMapping',
    ],
    [
      'with a disk of nothing',
      { BlockDeviceMappings: [{ DeviceName: '/dev/sdb', Ebs: {} }] },
      'MissingParameter',
    ],
    [
      'with a gp3 that is too slow',
      { BlockDeviceMappings: root({ VolumeType: 'gp3', Iops: 100 }) },
      'InvalidParameterValue',
    ],
    [
      'with a gp2 that has a throughput',
      { BlockDeviceMappings: root({ VolumeType: 'gp2', Throughput: 125 }) },
      'InvalidParameterCombination',
    ],
  ])('%s is refused', async (_what, options, name) => {
    await expect(launch(options)).rejects.toEqual(refusal(name));
  });

  it('over the quota, or without a default VPC, is refused', async () => {
    machines().instanceQuota = 1;
    await launch();
    await expect(launch()).rejects.toEqual(refusal('VcpuLimitExceeded'));
    machines().instanceQuota = 2;
    machines().hasDefaultVpc = false;
    await expect(launch()).rejects.toEqual(refusal('VPCIdNotSpecified'));
  });

  it('is started once for one token', async () => {
    const id = await launch({ ClientToken: 'once' });
    expect(await launch({ ClientToken: 'once' })).toBe(id);
    await expect(launch({ ClientToken: 'once', InstanceType: 't3.micro' })).rejects.toEqual(
      refusal('IdempotentParameterMismatch'),
    );
  });

  it('cannot be stopped before it runs, and changes some attributes only when it is stopped', async () => {
    const id = await launch();
    await expect(ec2.send(new StopInstancesCommand({ InstanceIds: [id] }))).rejects.toEqual(
      refusal('IncorrectInstanceState'),
    );
    later();
    const ena = new ModifyInstanceAttributeCommand({ InstanceId: id, EnaSupport: { Value: true } });
    await expect(ec2.send(ena)).rejects.toEqual(refusal('IncorrectInstanceState'));
    await ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
    later();
    await ec2.send(ena);
  });
});

describe('an image of an instance', () => {
  it('has snapshots of its volumes, and is what its own image was', async () => {
    const id = await launch({
      BlockDeviceMappings: root({ VolumeType: 'gp3', VolumeSize: 12, Encrypted: true }),
    });
    const image = new CreateImageCommand({ InstanceId: id, Name: 'made' });
    await expect(ec2.send(image)).rejects.toEqual(refusal('IncorrectState'));
    later();
    const { ImageId = '' } = await ec2.send(image);
    await expect(ec2.send(image)).rejects.toEqual(refusal('InvalidAMIName.Duplicate'));
    later();
    await ec2.send(new ModifyImageAttributeCommand({ ImageId, ImdsSupport: { Value: 'v2.0' } }));
    const { Images = [] } = await ec2.send(new DescribeImagesCommand({ Owners: ['self'] }));
    expect(Images).toEqual([
      expect.objectContaining({
        ImageId,
        State: 'available',
        BootMode: 'uefi-preferred',
        ImdsSupport: 'v2.0',
      }),
    ]);
    const [device] = Images[0]?.BlockDeviceMappings ?? [];
    expect(device?.Ebs).toMatchObject({ VolumeType: 'gp3', VolumeSize: 12 });
    expect(aws.world.region('us-west-2').snapshot(device?.Ebs?.SnapshotId ?? '')?.kmsKeyArn).toContain('kms');
  });

  it('is of its owner alone, also by filter', async () => {
    const found = async (owner: string, name: string): Promise<number> => {
      const Filters = [{ Name: 'name', Values: [name] }];
      return (await ec2.send(new DescribeImagesCommand({ Owners: [owner], Filters }))).Images?.length ?? -1;
    };
    expect(await found('075585003325', 'Flatcar-stable-*-hvm')).toBe(1);
    expect(await found('self', 'Flatcar-stable-*-hvm')).toBe(0);
    expect(await found('075585003325', 'Flatcar-beta-*')).toBe(0);
  });
});

describe('what an instance uses', () => {
  it('cannot go before it, and is told of as left until it is gone', async () => {
    const GroupId = await group();
    await ec2.send(new CreateKeyPairCommand({ KeyName: 'mine' }));
    const id = await launch({ SecurityGroupIds: [GroupId], KeyName: 'mine' });
    const removal = new DeleteSecurityGroupCommand({ GroupId });
    await expect(ec2.send(removal)).rejects.toEqual(refusal('DependencyViolation'));
    expect((await ec2.send(new DescribeVolumesCommand({}))).Volumes).toHaveLength(1);
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    expect(machines().leftovers(aws.world.clock.nowMs())).toEqual([id, GroupId, 'mine']);
    later();
    expect((await ec2.send(new DescribeVolumesCommand({}))).Volumes).toEqual([]);
    await ec2.send(removal);
    await expect(ec2.send(removal)).rejects.toEqual(refusal('InvalidGroup.NotFound'));
    await ec2.send(new DeleteKeyPairCommand({ KeyName: 'mine' }));
    await ec2.send(new DeleteKeyPairCommand({ KeyName: 'mine' }));
    expect(machines().leftovers(aws.world.clock.nowMs())).toEqual([]);
  });

  it('is not made twice under one name', async () => {
    const GroupId = await group();
    await expect(group()).rejects.toEqual(refusal('InvalidGroup.Duplicate'));
    const pair = new CreateKeyPairCommand({ KeyName: 'mine' });
    await ec2.send(pair);
    await expect(ec2.send(pair)).rejects.toEqual(refusal('InvalidKeyPair.Duplicate'));
    const rule = (CidrIp: string): AuthorizeSecurityGroupIngressCommand =>
      new AuthorizeSecurityGroupIngressCommand({
        GroupId,
        IpPermissions: [{ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp }] }],
      });
    await ec2.send(rule('0.0.0.0/0'));
    await expect(ec2.send(rule('0.0.0.0/0'))).rejects.toEqual(refusal('InvalidPermission.Duplicate'));
    await expect(ec2.send(rule('everybody'))).rejects.toEqual(refusal('InvalidParameterValue'));
  });
});

function root(Ebs: object): RunInstancesCommandInput['BlockDeviceMappings'] {
  return [{ DeviceName: '/dev/xvda', Ebs }];
}

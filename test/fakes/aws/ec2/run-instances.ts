import { ServiceError } from '../service-error.ts';
import type { Action, Ec2Call } from './action.ts';
import { volumesOf } from './block-devices.ts';
import { findImage } from './images.ts';
import { instanceXml } from './instance-xml.ts';
import type { Instance } from './machines.ts';
import { requireSubnet, requireVpc } from './networks.ts';
import { findGroup } from './security-groups.ts';
import { tagsFor } from './tags.ts';
import { ACCOUNT } from '../world.ts';

const MOST_USER_DATA_BYTES = 16_384;
/** Types of Nitro, as far as the tests know them. */
const TYPE = /^(t3a?|m5a?|m6i|m7i|c5|c6i|c7i|r5|r6i)\.(nano|micro|small|medium|large|x?large|\d+xlarge)$/;

/** Starts one instance: the builder never asks for more. */
export const runInstances: Action = (call) => {
  const { params, region, world } = call;
  const token = params.text('ClientToken');
  const request = [...new URLSearchParams(call.body.toString('utf8'))];
  const known = region.remembered(token, request, 'IdempotentParameterMismatch');
  const instance = readInstance(call);
  if (known === undefined) {
    const { instances, instanceQuota, host, keyPairs } = region.machines;
    if (region.machines.holders(world.clock.nowMs()).length >= instanceQuota) {
      const message = `You have requested more vCPU capacity than your current vCPU limit of ${instanceQuota} allows`;
      throw new ServiceError('VcpuLimitExceeded', message);
    }
    instances.set(instance.id, instance);
    region.remember(token, request, instance.id);
    host.launched?.(instance, keyPairs.get(instance.keyName ?? '')?.publicKey);
  }
  const started = region.machines.instances.get(known ?? instance.id) ?? instance;
  return {
    reservationId: world.newId('r'),
    ownerId: ACCOUNT,
    instancesSet: [instanceXml(region, started, world.clock.nowMs())],
  };
};

function readInstance(call: Ec2Call): Instance {
  const { params, region, world } = call;
  requireOne(call);
  const image = findImage(region, params.require('ImageId'));
  if (!world.isAvailable(image)) {
    throw new ServiceError('InvalidAMIID.Unavailable', `The image ID '[${image.id}]' is not available`);
  }
  const type = params.text('InstanceType') ?? 'm1.small';
  if (!TYPE.test(type)) {
    throw new ServiceError('InvalidParameterValue', `Invalid value '${type}' for InstanceType.`);
  }
  const tags = tagsFor(params, ['instance', 'volume']);
  const volumes = volumesOf(call, image);
  for (const volume of volumes)
    for (const [key, value] of tags.get('volume') ?? []) volume.tags.set(key, value);
  ignored(call);
  const nowMs = world.clock.nowMs();
  return {
    id: world.newId('i'),
    imageId: image.id,
    type,
    keyName: keyNameOf(call),
    groupIds: groupsOf(call),
    userData: userDataOf(call),
    rootDeviceName: image.rootDeviceName,
    volumes,
    launchMs: nowMs,
    tags: tags.get('instance') ?? new Map<string, string>(),
    attributes: new Map(),
    wish: 'run',
    wishedMs: nowMs,
  };
}

function requireOne({ params }: Ec2Call): void {
  const [least, most] = [params.number('MinCount'), params.number('MaxCount')];
  if (least !== 1 || most !== 1) {
    throw new ServiceError('InvalidParameterValue', 'the stand-in starts one instance at a time');
  }
}

function keyNameOf({ params, region }: Ec2Call): string | undefined {
  const name = params.text('KeyName');
  if (name === undefined || region.machines.keyPairs.has(name)) return name;
  throw new ServiceError('InvalidKeyPair.NotFound', `The key pair '${name}' does not exist`);
}

function groupsOf({ params, region }: Ec2Call): string[] {
  const subnet = params.text('SubnetId');
  if (subnet === undefined || subnet === '') requireVpc(region, undefined);
  else requireSubnet(region, subnet);
  return params.list('SecurityGroupId').map((id) => findGroup(region, id).id);
}

function userDataOf({ params }: Ec2Call): string | undefined {
  const text = params.text('UserData');
  if (text === undefined) return undefined;
  const data = Buffer.from(text, 'base64');
  if (data.toString('base64') !== text) {
    throw new ServiceError('InvalidParameterValue', 'Invalid BASE64 encoding of user data.');
  }
  if (data.length > MOST_USER_DATA_BYTES) {
    throw new ServiceError('InvalidParameterValue', `User data is limited to ${MOST_USER_DATA_BYTES} bytes`);
  }
  return data.toString('utf8');
}

/** What changes nothing here, but is known. */
function ignored({ params, region }: Ec2Call): void {
  for (const name of ['EbsOptimized', 'DisableApiTermination']) params.flag(name);
  params.member('Monitoring').flag('Enabled');
  const behaviour = params.text('InstanceInitiatedShutdownBehavior') ?? 'stop';
  if (!['stop', 'terminate'].includes(behaviour)) {
    throw new ServiceError('InvalidParameterValue', `Invalid shutdown behavior ${behaviour}`);
  }
  const profile = params.member('IamInstanceProfile').text('Name') ?? '';
  if (profile !== '') {
    throw new ServiceError('InvalidParameterValue', `Invalid IAM Instance Profile name: ${profile}`);
  }
  const zone = params.member('Placement').text('AvailabilityZone');
  if (zone !== undefined && zone !== '' && zone !== `${region.name}a`) {
    throw new ServiceError('InvalidParameterValue', `Invalid availability zone: [${zone}]`);
  }
}

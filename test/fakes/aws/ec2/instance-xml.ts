import type { Region } from '../world.ts';
import { type Instance, type InstanceState, STATE_CODES } from './machines.ts';
import { tagSet } from './tags.ts';
import type { XmlValue } from './xml.ts';

export function stateXml(state: InstanceState): XmlValue {
  return { code: STATE_CODES[state], name: state };
}

/** An instance as DescribeInstances tells of it. Its address is there while it runs. */
export function instanceXml({ name, machines }: Region, instance: Instance, nowMs: number): XmlValue {
  const state = machines.stateOf(instance, nowMs);
  const isGone = state === 'terminated';
  return {
    instanceId: instance.id,
    imageId: instance.imageId,
    instanceState: stateXml(state),
    instanceType: instance.type,
    keyName: instance.keyName,
    launchTime: new Date(instance.launchMs).toISOString(),
    placement: { availabilityZone: `${name}a`, tenancy: 'default' },
    architecture: 'x86_64',
    rootDeviceType: 'ebs',
    rootDeviceName: instance.rootDeviceName,
    virtualizationType: 'hvm',
    hypervisor: 'xen',
    ...(isGone
      ? {}
      : { vpcId: machines.vpcId, subnetId: machines.subnetId, privateIpAddress: '172.31.0.10' }),
    ...(state === 'running' ? { ipAddress: machines.host.address, dnsName: machines.host.address } : {}),
    groupSet: instance.groupIds.map((groupId) => ({ groupId })),
    blockDeviceMapping: isGone
      ? []
      : instance.volumes.map(({ deviceName, id, deleteOnTermination }) => ({
          deviceName,
          ebs: { volumeId: id, status: 'attached', deleteOnTermination },
        })),
    tagSet: tagSet(instance.tags),
  };
}

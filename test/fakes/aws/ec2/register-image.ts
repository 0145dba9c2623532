import { ServiceError } from '../service-error.ts';
import type { BlockDevice, Image } from '../world.ts';
import type { Action, Ec2Call } from './action.ts';
import { findImage, requireFreeName } from './images.ts';
import type { QueryParams } from './query-params.ts';
import { findSnapshot } from './snapshots.ts';
import { tagsFor } from './tags.ts';

export const registerImage: Action = (call) => {
  const { params, region, world } = call;
  const name = requireFreeName(region, params.require('Name'));
  const rootDeviceName = params.require('RootDeviceName');
  const blockDevices = params.items('BlockDeviceMapping').map((device) => readDevice(call, device));
  if (!blockDevices.some(({ deviceName }) => deviceName === rootDeviceName)) {
    throw new ServiceError(
      'InvalidBlockDeviceMapping',
      `no device ${rootDeviceName} is mapped, which is the root`,
    );
  }
  const nowMs = world.clock.nowMs();
  const image: Image = {
    id: world.newId('ami'),
    name,
    description: params.text('Description') ?? '',
    // As the service takes them when they are not given.
    architecture: oneOf(params, 'Architecture', ['i386', 'x86_64', 'arm64']),
    virtualizationType: oneOf(params, 'VirtualizationType', ['paravirtual', 'hvm']),
    rootDeviceName,
    blockDevices,
    enaSupport: params.flag('EnaSupport'),
    sriovNetSupport: optional(params, 'SriovNetSupport', ['simple']),
    bootMode: optional(params, 'BootMode', ['legacy-bios', 'uefi', 'uefi-preferred']),
    imdsSupport: optional(params, 'ImdsSupport', ['v2.0']),
    creationMs: nowMs,
    availableMs: nowMs + world.registrationMs,
    tags: tagsFor(params, ['image']).get('image') ?? new Map<string, string>(),
    sharedWith: new Set(),
    deprecationTime: undefined,
  };
  region.images.set(image.id, image);
  return { imageId: image.id };
};

export const deregisterImage: Action = ({ params, region }) => {
  const image = findImage(region, params.require('ImageId'));
  region.images.delete(image.id);
  return { return: true };
};

function readDevice({ region, world }: Ec2Call, device: QueryParams): BlockDevice {
  const ebs = device.member('Ebs');
  const snapshot = findSnapshot(region, ebs.require('SnapshotId'));
  if (world.stateOf(snapshot) !== 'completed') {
    throw new ServiceError('IncorrectState', `The snapshot '${snapshot.id}' is not completed`);
  }
  const volumeSizeGib = ebs.number('VolumeSize') ?? snapshot.volumeSizeGib;
  if (volumeSizeGib < snapshot.volumeSizeGib) {
    const message = `Volume of size ${volumeSizeGib}GB is smaller than snapshot '${snapshot.id}'`;
    throw new ServiceError('InvalidBlockDeviceMapping', message);
  }
  return {
    deviceName: device.require('DeviceName'),
    snapshotId: snapshot.id,
    volumeSizeGib,
    volumeType:
      optional(ebs, 'VolumeType', ['gp2', 'gp3', 'io1', 'io2', 'standard', 'sc1', 'st1']) ?? 'standard',
    deleteOnTermination: ebs.flag('DeleteOnTermination'),
  };
}

function optional(params: QueryParams, name: string, allowed: readonly string[]): string | undefined {
  const value = params.text(name);
  if (value === undefined || allowed.includes(value)) return value;
  throw new ServiceError('InvalidParameterValue', `Value (${value}) for parameter ${name} is invalid.`);
}

function oneOf(params: QueryParams, name: string, allowed: readonly [string, ...string[]]): string {
  return optional(params, name, allowed) ?? allowed[0];
}

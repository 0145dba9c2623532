import { ServiceError } from '../service-error.ts';
import type { BlockDevice, Image } from '../world.ts';
import type { Action } from './action.ts';
import { snapshotVolume } from './block-devices.ts';
import { findImage, requireFreeName } from './images.ts';
import { findInstance } from './instances.ts';
import { tagsFor } from './tags.ts';

/** Makes an image of an instance: a snapshot of each of its volumes, and what its own image was otherwise. */
export const createImage: Action = (call) => {
  const { params, region, world } = call;
  const instance = findInstance(region, params.require('InstanceId'));
  const nowMs = world.clock.nowMs();
  const state = region.machines.stateOf(instance, nowMs);
  if (state !== 'running' && state !== 'stopped') {
    throw new ServiceError('IncorrectState', `The instance ${instance.id} is ${state}, and cannot be imaged`);
  }
  const name = requireFreeName(region, params.require('Name'));
  params.flag('NoReboot');
  const tags = tagsFor(params, ['image', 'snapshot']);
  const id = world.newId('ami');
  const blockDevices = instance.volumes.map((volume): BlockDevice => {
    const snapshotId = snapshotVolume(
      world,
      call,
      volume,
      `Created by CreateImage(${instance.id}) for ${id}`,
    );
    for (const [key, value] of tags.get('snapshot') ?? []) region.snapshot(snapshotId)?.tags.set(key, value);
    const { deviceName, type, sizeGib, deleteOnTermination } = volume;
    return { deviceName, snapshotId, volumeType: type, volumeSizeGib: sizeGib, deleteOnTermination };
  });
  const source = findImage(region, instance.imageId);
  const image: Image = {
    ...source,
    id,
    name,
    description: params.text('Description') ?? '',
    blockDevices,
    owner: undefined,
    // It is not passed on: an image must be asked for it (AWSEC2 user guide, "Configure the AMI").
    imdsSupport: undefined,
    creationMs: nowMs,
    availableMs: nowMs + world.registrationMs,
    tags: tags.get('image') ?? new Map<string, string>(),
    sharedWith: new Set(),
    deprecationTime: undefined,
  };
  region.images.set(id, image);
  return { imageId: id };
};

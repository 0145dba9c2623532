import { ServiceError } from '../service-error.ts';
import type { BlockDevice, Image, Region, Snapshot } from '../world.ts';
import type { Action, Ec2Call } from './action.ts';
import { findImage, requireFreeName } from './images.ts';
import { findSnapshot } from './snapshots.ts';
import { tagsFor } from './tags.ts';

export const copyImage: Action = (call) => {
  const { params, region, world } = call;
  const request = [...new URLSearchParams(call.body.toString('utf8'))];
  const token = params.text('ClientToken');
  const known = region.remembered(token, request, 'IdempotentParameterMismatch');
  const tags = tagsFor(params, ['image', 'snapshot']);
  const [source, from] = sourceOf(call);
  const name = known === undefined ? requireFreeName(region, params.require('Name')) : params.require('Name');
  const kmsKeyArn = keyOf(call, source, from);
  const description = params.text('Description') ?? source.description;
  if (known !== undefined) return { imageId: known };
  const nowMs = world.clock.nowMs();
  const copyDevice = (device: BlockDevice): BlockDevice => {
    const original = findSnapshot(from, device.snapshotId);
    const copy: Snapshot = {
      ...original,
      id: world.newId('snap'),
      description: `Copied for ${source.id} from ${original.id}`,
      startMs: nowMs,
      parent: undefined,
      kmsKeyArn,
      tags: new Map(tags.get('snapshot') ?? []),
      blocks: new Map(world.blocksOf(original)),
      sharedWith: new Set(),
      sealedMs: nowMs + world.copyMs - world.completionMs,
    };
    region.snapshots.set(copy.id, copy);
    return { ...device, snapshotId: copy.id };
  };
  const image: Image = {
    ...source,
    id: world.newId('ami'),
    name,
    description,
    blockDevices: source.blockDevices.map(copyDevice),
    creationMs: nowMs,
    availableMs: nowMs + world.copyMs,
    tags: new Map(tags.get('image') ?? []),
    sharedWith: new Set(),
    deprecationTime: undefined,
  };
  region.images.set(image.id, image);
  region.remember(token, request, image.id);
  return { imageId: image.id };
};

function sourceOf({ params, world }: Ec2Call): [Image, Region] {
  const name = params.require('SourceRegion');
  const region = world.regions.get(name);
  if (region === undefined)
    throw new ServiceError('InvalidParameterValue', `the region ${name} is not known`);
  const image = findImage(region, params.require('SourceImageId'));
  if (world.isAvailable(image)) return [image, region];
  throw new ServiceError('InvalidAMIID.Unavailable', `The image ${image.id} is not available`);
}

function keyOf({ params, region }: Ec2Call, source: Image, from: Region): string | undefined {
  const isEncrypted = params.flag('Encrypted');
  const key = params.text('KmsKeyId');
  if (key !== undefined && !isEncrypted) {
    throw new ServiceError('InvalidParameterCombination', 'KmsKeyId needs Encrypted');
  }
  const [device] = source.blockDevices;
  const wasEncrypted = device !== undefined && findSnapshot(from, device.snapshotId).kmsKeyArn !== undefined;
  if (!isEncrypted && !wasEncrypted && !region.encryptionByDefault) return undefined;
  return key ?? region.defaultKeyArn;
}

import { ServiceError } from '../service-error.ts';
import type { Action, Ec2Call } from './action.ts';
import { type FilterValues, filtersOf } from './filters.ts';
import type { Instance, Volume } from './machines.ts';
import { pageOf } from './paging.ts';
import { tagSet } from './tags.ts';

interface HeldVolume extends Volume {
  readonly holder: Instance;
}

/** Volumes go with their instance, unless they were asked to stay: the stand-in keeps none of those. */
export const describeVolumes: Action = (call) => {
  const { params, region, world } = call;
  const ids = params.list('VolumeId');
  const all = region.machines
    .holders(world.clock.nowMs())
    .flatMap((holder) => holder.volumes.map((volume): HeldVolume => ({ ...volume, holder })));
  const unknown = ids.find((id) => !all.some((volume) => volume.id === id));
  if (unknown !== undefined) {
    throw new ServiceError('InvalidVolume.NotFound', `The volume '${unknown}' does not exist.`);
  }
  const asked = all.filter(({ id }) => ids.length === 0 || ids.includes(id));
  const { page, nextToken } = pageOf(call, asked.filter(filtersOf(params, FILTERS)), ids);
  return { volumeSet: page.map((volume) => volumeXml(call, volume)), nextToken };
};

export const deleteVolume: Action = ({ params, region, world }) => {
  const id = params.require('VolumeId');
  const holder = region.machines
    .holders(world.clock.nowMs())
    .find(({ volumes }) => volumes.some((volume) => volume.id === id));
  if (holder !== undefined) {
    throw new ServiceError('VolumeInUse', `Volume ${id} is currently attached to ${holder.id}`);
  }
  throw new ServiceError('InvalidVolume.NotFound', `The volume '${id}' does not exist.`);
};

const FILTERS: FilterValues<HeldVolume> = {
  'volume-id': ({ id }) => [id],
  'attachment.instance-id': ({ holder }) => [holder.id],
  status: () => ['in-use'],
};

function volumeXml({ region }: Ec2Call, volume: HeldVolume) {
  return {
    volumeId: volume.id,
    size: volume.sizeGib,
    snapshotId: volume.snapshotId,
    availabilityZone: `${region.name}a`,
    status: 'in-use',
    volumeType: volume.type,
    iops: volume.iops,
    throughput: volume.throughput,
    encrypted: volume.kmsKeyArn !== undefined,
    attachmentSet: [
      { volumeId: volume.id, instanceId: volume.holder.id, device: volume.deviceName, status: 'attached' },
    ],
    tagSet: tagSet(volume.tags),
  };
}

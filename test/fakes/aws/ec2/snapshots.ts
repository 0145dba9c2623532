import { ServiceError } from '../service-error.ts';
import { ACCOUNT, type Region, type Snapshot, type World } from '../world.ts';
import { changeSharing } from './accounts.ts';
import type { Action, Ec2Call } from './action.ts';
import { type FilterValues, filtersOf } from './filters.ts';
import { pageOf } from './paging.ts';
import { tagSet } from './tags.ts';
import type { XmlValue } from './xml.ts';

export function findSnapshot(region: Region, id: string): Snapshot {
  if (!/^snap-[0-9a-f]{8,17}$/.test(id)) {
    throw new ServiceError(
      'InvalidSnapshotID.Malformed',
      `Value (${id}) for parameter snapshotId is invalid.`,
    );
  }
  const snapshot = region.snapshot(id);
  if (snapshot !== undefined) return snapshot;
  throw new ServiceError('InvalidSnapshot.NotFound', `The snapshot '${id}' does not exist.`);
}

export const describeSnapshots: Action = (call) => {
  const { params, region } = call;
  const ids = params.list('SnapshotId');
  for (const owner of params.list('Owner')) refuseForeign(owner);
  const passes = filtersOf(params, filterValues(call));
  const asked = ids.length === 0 ? [...region.snapshots.values()] : ids.map((id) => findSnapshot(region, id));
  const found = asked.filter(passes);
  const { page, nextToken } = pageOf(call, found, ids);
  return { snapshotSet: page.map((snapshot) => snapshotXml(call.world, snapshot)), nextToken };
};

export const deleteSnapshot: Action = ({ params, region }) => {
  const snapshot = findSnapshot(region, params.require('SnapshotId'));
  const user = [...region.images.values()].find(({ blockDevices }) =>
    blockDevices.some(({ snapshotId }) => snapshotId === snapshot.id),
  );
  if (user !== undefined) {
    const message = `The snapshot ${snapshot.id} is currently in use by ${user.id}`;
    throw new ServiceError('InvalidSnapshot.InUse', message);
  }
  region.snapshots.delete(snapshot.id);
  return { return: true };
};

export const modifySnapshotAttribute: Action = ({ params, region }) => {
  const snapshot = findSnapshot(region, params.require('SnapshotId'));
  const attribute = params.text('Attribute');
  if (attribute !== undefined && attribute !== 'createVolumePermission') {
    throw new ServiceError('InvalidParameterValue', `the attribute ${attribute} cannot be changed`);
  }
  refuseDefaultKey(region, snapshot);
  changeSharing(params.member('CreateVolumePermission'), snapshot.sharedWith, 'InvalidParameterValue');
  return { return: true };
};

/** What is encrypted with the account's own key of EBS cannot be shared. */
export function refuseDefaultKey(region: Region, { id, kmsKeyArn }: Snapshot): void {
  if (kmsKeyArn !== region.defaultKeyArn) return;
  throw new ServiceError(
    'InvalidParameterValue',
    `${id} is encrypted with the default key and cannot be shared`,
  );
}

function filterValues({ world }: Ec2Call): FilterValues<Snapshot> {
  return {
    'snapshot-id': ({ id }) => [id],
    status: (snapshot) => [world.stateOf(snapshot)],
    description: ({ description }) => [description],
    encrypted: ({ kmsKeyArn }) => [String(kmsKeyArn !== undefined)],
  };
}

function refuseForeign(owner: string): void {
  if (owner !== 'self' && owner !== ACCOUNT) {
    throw new ServiceError('InvalidParameterValue', `the stand-in has nothing of the owner ${owner}`);
  }
}

function snapshotXml(world: World, snapshot: Snapshot): XmlValue {
  const state = world.stateOf(snapshot);
  return {
    snapshotId: snapshot.id,
    volumeId: 'vol-ffffffff',
    status: state,
    ...(state === 'error' ? { statusMessage: 'the writing timed out' } : {}),
    startTime: new Date(snapshot.startMs).toISOString(),
    progress: state === 'completed' ? '100%' : '0%',
    ownerId: ACCOUNT,
    volumeSize: snapshot.volumeSizeGib,
    description: snapshot.description,
    encrypted: snapshot.kmsKeyArn !== undefined,
    kmsKeyId: snapshot.kmsKeyArn,
    tagSet: tagSet(snapshot.tags),
  };
}

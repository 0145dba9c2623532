import { ServiceError } from '../service-error.ts';
import type { Image, World } from '../world.ts';
import type { Ec2Call } from './action.ts';
import type { Volume } from './machines.ts';
import type { QueryParams } from './query-params.ts';
import { findSnapshot } from './snapshots.ts';

const TYPES = ['standard', 'gp2', 'gp3', 'io1', 'io2', 'sc1', 'st1'];

/** The volumes of a new instance: those of its image, each as the request changes it, and what the request adds. */
export function volumesOf(call: Ec2Call, image: Image): Volume[] {
  const asked = new Map(
    call.params.items('BlockDeviceMapping').map((each) => [each.require('DeviceName'), each]),
  );
  const names = new Set([...image.blockDevices.map(({ deviceName }) => deviceName), ...asked.keys()]);
  return [...names].map((name) => volumeOf(call, image, name, asked.get(name)));
}

function volumeOf(call: Ec2Call, image: Image, deviceName: string, asked: QueryParams | undefined): Volume {
  const { region, world } = call;
  const own = image.blockDevices.find((device) => device.deviceName === deviceName);
  const ebs = asked?.member('Ebs');
  const snapshotId = ebs?.text('SnapshotId') ?? own?.snapshotId;
  const snapshot = snapshotId === undefined ? undefined : findSnapshot(region, snapshotId);
  const sizeGib = ebs?.number('VolumeSize') ?? own?.volumeSizeGib;
  if (sizeGib === undefined) {
    throw new ServiceError('MissingParameter', `the size of ${deviceName} is missing: it has no snapshot`);
  }
  if (snapshot !== undefined && sizeGib < snapshot.volumeSizeGib) {
    const message = `Volume of size ${sizeGib}GB is smaller than snapshot '${snapshot.id}', expect size>= ${snapshot.volumeSizeGib}GB`;
    throw new ServiceError('InvalidBlockDeviceMapping', message);
  }
  const isEncrypted =
    ebs?.flag('Encrypted') === true || snapshot?.kmsKeyArn !== undefined || region.encryptionByDefault;
  const key = ebs?.text('KmsKeyId');
  return {
    id: world.newId('vol'),
    deviceName,
    sizeGib,
    ...speedOf(deviceName, ebs, own?.volumeType),
    kmsKeyArn: isEncrypted ? (key ?? snapshot?.kmsKeyArn ?? region.defaultKeyArn) : undefined,
    snapshotId,
    deleteOnTermination: flagOr(ebs, 'DeleteOnTermination', own?.deleteOnTermination ?? true),
    tags: new Map(),
  };
}

function flagOr(ebs: QueryParams | undefined, name: string, otherwise: boolean): boolean {
  return ebs?.text(name) === undefined ? otherwise : ebs.flag(name);
}

function speedOf(
  deviceName: string,
  ebs: QueryParams | undefined,
  own: string | undefined,
): Pick<Volume, 'type' | 'iops' | 'throughput'> {
  const type = ebs?.text('VolumeType') ?? own ?? 'gp2';
  if (!TYPES.includes(type)) throw new ServiceError('InvalidParameterValue', `Invalid volume type ${type}`);
  const [iops, throughput] = [ebs?.number('Iops'), ebs?.number('Throughput')];
  const within = (value: number | undefined, least: number, most: number): boolean =>
    value === undefined || (value >= least && value <= most);
  if (throughput !== undefined && type !== 'gp3') {
    throw new ServiceError('InvalidParameterCombination', `${deviceName}: ${type} takes no throughput`);
  }
  if (iops !== undefined && !['gp3', 'io1', 'io2'].includes(type)) {
    throw new ServiceError('InvalidParameterCombination', `${deviceName}: ${type} takes no iops`);
  }
  if (type === 'gp3' && !(within(iops, 3000, 16_000) && within(throughput, 125, 1000))) {
    throw new ServiceError(
      'InvalidParameterValue',
      `${deviceName}: gp3 has 3000 to 16000 iops, 125 to 1000 MiB/s`,
    );
  }
  return { type, iops, throughput };
}

/** Makes what a volume leaves when it is saved: a snapshot of its size. */
export function snapshotVolume(world: World, call: Ec2Call, volume: Volume, description: string): string {
  const nowMs = world.clock.nowMs();
  const id = world.newId('snap');
  call.region.snapshots.set(id, {
    id,
    description,
    volumeSizeGib: volume.sizeGib,
    startMs: nowMs,
    parent: undefined,
    kmsKeyArn: volume.kmsKeyArn,
    timeoutMinutes: 60,
    tags: new Map(),
    blocks: new Map(),
    sharedWith: new Set(),
    lastWriteMs: nowMs,
    sealedMs: nowMs,
  });
  return id;
}

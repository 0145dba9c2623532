import type { Image, World } from './world.ts';

/** An image that another account has published, with its snapshot: what an instance can start from. */
export function publishImage(
  world: World,
  { region = 'us-west-2', ...wanted }: Partial<Image> & { readonly region?: string } = {},
): Image {
  const place = world.region(region);
  const nowMs = world.clock.nowMs();
  const rootDeviceName = wanted.rootDeviceName ?? '/dev/xvda';
  const snapshotId = world.newId('snap');
  place.snapshots.set(snapshotId, {
    id: snapshotId,
    description: '',
    volumeSizeGib: 8,
    startMs: nowMs,
    parent: undefined,
    kmsKeyArn: undefined,
    timeoutMinutes: 60,
    tags: new Map(),
    blocks: new Map(),
    sharedWith: new Set(),
    lastWriteMs: nowMs,
    sealedMs: nowMs - world.completionMs,
  });
  const image: Image = {
    id: world.newId('ami'),
    name: 'Flatcar-stable-4152.2.0-hvm',
    description: '',
    architecture: 'x86_64',
    virtualizationType: 'hvm',
    rootDeviceName,
    blockDevices: [
      {
        deviceName: rootDeviceName,
        snapshotId,
        volumeType: 'gp2',
        volumeSizeGib: 8,
        deleteOnTermination: true,
      },
    ],
    enaSupport: true,
    sriovNetSupport: 'simple',
    bootMode: 'uefi-preferred',
    imdsSupport: undefined,
    owner: '075585003325',
    creationMs: nowMs,
    availableMs: nowMs,
    tags: new Map(),
    sharedWith: new Set(),
    deprecationTime: undefined,
    ...wanted,
  };
  place.images.set(image.id, image);
  return image;
}

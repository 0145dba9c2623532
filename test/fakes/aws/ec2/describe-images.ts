import { ServiceError } from '../service-error.ts';
import { ACCOUNT, type Image, type World } from '../world.ts';
import type { Action, Ec2Call } from './action.ts';
import { type FilterValues, filtersOf } from './filters.ts';
import { findImage } from './images.ts';
import { pageOf } from './paging.ts';
import { tagSet } from './tags.ts';
import type { XmlValue } from './xml.ts';

export const describeImages: Action = (call) => {
  const { params, region, world } = call;
  const ids = params.list('ImageId');
  const owners = params.list('Owner');
  const wrong = owners.find((owner) => owner !== 'self' && !/^\d{12}$/.test(owner));
  if (wrong !== undefined)
    throw new ServiceError('InvalidParameterValue', `the stand-in has no owner ${wrong}`);
  const isOf = (image: Image): boolean =>
    owners.length === 0 || owners.some((owner) => (owner === 'self' ? ACCOUNT : owner) === ownerOf(image));
  const passes = filtersOf(params, filterValues(call));
  // Deprecated images are shown to their owner in any case.
  params.flag('IncludeDeprecated');
  const asked = ids.length === 0 ? [...region.images.values()] : ids.map((id) => findImage(region, id));
  const found = asked.filter(isOf).filter(passes);
  const { page, nextToken } = pageOf(call, found, ids);
  return { imagesSet: page.map((image) => imageXml(world, image)), nextToken };
};

function filterValues({ world }: Ec2Call): FilterValues<Image> {
  return {
    'image-id': ({ id }) => [id],
    name: ({ name }) => [name],
    architecture: ({ architecture }) => [architecture],
    state: (image) => [stateOf(world, image)],
    'owner-id': (image) => [ownerOf(image)],
    'root-device-type': () => ['ebs'],
    'virtualization-type': ({ virtualizationType }) => [virtualizationType],
    'block-device-mapping.snapshot-id': ({ blockDevices }) =>
      blockDevices.map(({ snapshotId }) => snapshotId),
  };
}

function ownerOf({ owner }: Image): string {
  return owner ?? ACCOUNT;
}

function stateOf(world: World, image: Image): string {
  return world.isAvailable(image) ? 'available' : 'pending';
}

function imageXml(world: World, image: Image): XmlValue {
  return {
    imageId: image.id,
    imageLocation: `${ownerOf(image)}/${image.name}`,
    imageState: stateOf(world, image),
    imageOwnerId: ownerOf(image),
    isPublic: image.owner !== undefined,
    architecture: image.architecture,
    imageType: 'machine',
    name: image.name,
    description: image.description,
    rootDeviceType: 'ebs',
    rootDeviceName: image.rootDeviceName,
    blockDeviceMapping: image.blockDevices.map((device) => ({
      deviceName: device.deviceName,
      ebs: {
        snapshotId: device.snapshotId,
        volumeSize: device.volumeSizeGib,
        deleteOnTermination: device.deleteOnTermination,
        volumeType: device.volumeType,
      },
    })),
    virtualizationType: image.virtualizationType,
    hypervisor: 'xen',
    enaSupport: image.enaSupport,
    sriovNetSupport: image.sriovNetSupport,
    bootMode: image.bootMode,
    imdsSupport: image.imdsSupport,
    deprecationTime: image.deprecationTime,
    creationDate: new Date(image.creationMs).toISOString(),
    tagSet: tagSet(image.tags),
  };
}

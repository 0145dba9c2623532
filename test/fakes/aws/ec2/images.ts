import { ServiceError } from '../service-error.ts';
import type { Image, Region } from '../world.ts';

export function findImage(region: Region, id: string): Image {
  if (!/^ami-[0-9a-f]{8,17}$/.test(id)) {
    throw new ServiceError('InvalidAMIID.Malformed', `Invalid id: "${id}"`);
  }
  const image = region.images.get(id);
  if (image !== undefined) return image;
  throw new ServiceError('InvalidAMIID.NotFound', `The image id '[${id}]' does not exist`);
}

/** Refuses a name that is malformed or in use. */
export function requireFreeName(region: Region, name: string): string {
  if (!/^[\w()[\]. /'@-]{3,128}$/.test(name)) {
    const message =
      'AMI names must be between 3 and 128 characters long, and may contain letters, numbers, and …';
    throw new ServiceError('InvalidAMIName.Malformed', message);
  }
  const holder = [...region.images.values()].find((image) => image.name === name);
  if (holder === undefined) return name;
  throw new ServiceError(
    'InvalidAMIName.Duplicate',
    `AMI name ${name} is already in use by AMI ${holder.id}`,
  );
}

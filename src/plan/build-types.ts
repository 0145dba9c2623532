import { BuilderError } from '../errors.ts';
import { BUILD_TYPES, type BuildType } from '../settings/settings.ts';

/** What is made, and why. */
export interface BuildTypeChoice {
  readonly types: readonly BuildType[];
  readonly why: string;
}

/** Whether local images are asked for: by themselves, or because an AMI is to be made of their disk. */
export function asksForImages(asked: readonly BuildType[] | undefined): boolean {
  return asked === undefined || asked.some((type) => type !== 'amazon-ebs');
}

/** Those of the types that are builders of Packer's; an AMI of the disk is made by this program. */
export function packerTypes(types: readonly BuildType[]): readonly BuildType[] {
  return types.filter((type) => type !== 'ami');
}

/**
 * Chooses what is made: what was asked for, with the images that an AMI of their disk needs. When nothing was, as the original
 * did: images and an AMI by Packer, and no AMI without AWS credentials. Fails with `credentials-missing` when an AMI was asked
 * for and there are none.
 */
export function chooseBuildTypes(
  asked: readonly BuildType[] | undefined,
  credentials: string | undefined,
): BuildTypeChoice {
  if (asked === undefined) {
    return credentials === undefined
      ? { types: ['qemu'], why: 'local images only: there are no AWS credentials for an AMI' }
      : { types: ['qemu', 'amazon-ebs'], why: `local images and an AMI: credentials in ${credentials}` };
  }
  const isWanted = (type: BuildType): boolean =>
    type === 'qemu' ? asksForImages(asked) : asked.includes(type);
  const types = BUILD_TYPES.filter(isWanted);
  if (types.every((type) => type === 'qemu')) return { types, why: 'BUILD_TYPE' };
  if (credentials !== undefined) return { types, why: `credentials: ${credentials}` };
  const message = `BUILD_TYPE is ${asked.join(',')}, but there are no AWS credentials`;
  throw new BuilderError('credentials-missing', message, {
    hint: 'set AWS_ACCESS_KEY and AWS_SECRET_KEY, or AWS_PROFILE, or build local images with BUILD_TYPE=qemu',
  });
}

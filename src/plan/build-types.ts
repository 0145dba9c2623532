import { BuilderError } from '../errors.ts';
import type { BuildType } from '../settings/settings.ts';

/** Which of Packer's builders run, and why. */
export interface BuildTypeChoice {
  readonly types: readonly BuildType[];
  readonly why: string;
}

/** Whether local images are asked for, by themselves or beside an AMI. */
export function asksForImages(asked: BuildType | undefined): boolean {
  return asked !== 'amazon-ebs';
}

/**
 * Chooses the builders as the original did: the one that was asked for, both when none was, and no AMI without AWS
 * credentials. Fails with `credentials-missing` when the AMI was asked for and there are none.
 */
export function chooseBuildTypes(
  asked: BuildType | undefined,
  credentials: string | undefined,
): BuildTypeChoice {
  if (asked === 'qemu') return { types: ['qemu'], why: 'BUILD_TYPE' };
  if (asked === 'amazon-ebs') {
    if (credentials !== undefined) return { types: ['amazon-ebs'], why: `credentials: ${credentials}` };
    throw new BuilderError(
      'credentials-missing',
      'BUILD_TYPE is amazon-ebs, but there are no AWS credentials',
      {
        hint: 'set AWS_ACCESS_KEY and AWS_SECRET_KEY, or AWS_PROFILE, or build local images with BUILD_TYPE=qemu',
      },
    );
  }
  return credentials === undefined
    ? { types: ['qemu'], why: 'local images only: there are no AWS credentials for an AMI' }
    : { types: ['qemu', 'amazon-ebs'], why: `local images and an AMI: credentials in ${credentials}` };
}

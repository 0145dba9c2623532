import type { RegisterImageCommandInput } from '@aws-sdk/client-ec2';
import type { BootMode } from './boot-modes.ts';
import { type ImageFacts, imageTags } from './tags.ts';

/** The root as Debian's, Flatcar's and Fedora CoreOS's own images have it. */
const ROOT_DEVICE = '/dev/xvda';

export interface RegisterInput extends ImageFacts {
  readonly description: string;
  readonly snapshotId: string;
  readonly bootMode: BootMode;
}

/** What RegisterImage is given. Architecture and virtualization must be said: EC2 takes i386 and paravirtual otherwise. */
export function registerRequest(input: RegisterInput): RegisterImageCommandInput {
  return {
    Name: input.name,
    Description: input.description,
    Architecture: 'x86_64',
    VirtualizationType: 'hvm',
    BootMode: input.bootMode,
    RootDeviceName: ROOT_DEVICE,
    BlockDeviceMappings: [
      {
        DeviceName: ROOT_DEVICE,
        Ebs: { SnapshotId: input.snapshotId, VolumeType: 'gp3', DeleteOnTermination: true },
      },
    ],
    EnaSupport: true,
    SriovNetSupport: 'simple',
    ImdsSupport: 'v2.0',
    TagSpecifications: [{ ResourceType: 'image', Tags: imageTags(input) }],
  };
}

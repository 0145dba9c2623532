import { DescribeImagesCommand, type DescribeImagesCommandInput, type Image } from '@aws-sdk/client-ec2';
import { familyOfName, sshUserOf } from '../base/families.ts';
import { BuilderError } from '../errors.ts';
import { type AwsRegion, awsErrorName } from './aws-region.ts';

/** The families that publish AMIs, and under which names. */
interface Publisher {
  /** The account that publishes, of 12 digits. */
  readonly owner: string;
  /** The AMIs' names, with `*` for any characters. */
  readonly name: string;
}

/**
 * Where the newest AMI of a family is found (the families' own documentation). Fedora CoreOS has its stream in the third
 * number: 3 is stable.
 */
export const AMI_PUBLISHERS = {
  flatcar: { owner: '075585003325', name: 'Flatcar-stable-*-hvm' },
  'fedora-coreos': { owner: '125523088429', name: 'fedora-coreos-*.*.3.*-x86_64' },
  debian: { owner: '136693071363', name: 'debian-12-amd64-*' },
} as const satisfies Readonly<Record<string, Publisher>>;

/** The family of a published AMI, or the id of any. */
export type SourceAmiChoice =
  | { readonly kind: 'family'; readonly family: keyof typeof AMI_PUBLISHERS }
  | { readonly kind: 'id'; readonly id: string };

/** The user that a family's AMIs have for logging in by key: Debian's is another one on EC2. */
export function amiUserOf(family: Parameters<typeof sshUserOf>[0]): string {
  return family === 'debian' ? 'admin' : sshUserOf(family);
}

/** An AMI that instances can be started from. */
export interface SourceAmi {
  readonly id: string;
  readonly name: string;
  /** The account that owns it. */
  readonly owner: string;
  /** The device that its root is: `/dev/xvda`. */
  readonly rootDevice: string;
  readonly diskGib: number;
  /** As its name tells; undefined when it does not. */
  readonly family: ReturnType<typeof familyOfName>;
}

/**
 * Finds what an AMI is to be built from: the newest of a family, or the one of an id. Fails with `source-ami-missing`, and as
 * `AwsRegion.ask`.
 */
export async function findSourceAmi(region: AwsRegion, choice: SourceAmiChoice): Promise<SourceAmi> {
  const command = new DescribeImagesCommand(requestFor(choice));
  const images = await region
    .ask('ec2:DescribeImages', (abortSignal) => region.ec2.send(command, { abortSignal }))
    .then(
      ({ Images = [] }) => Images,
      (thrown: unknown) => {
        if (awsErrorName(thrown)?.startsWith('InvalidAMIID') !== true) throw thrown;
        return [];
      },
    );
  const newest = newestOf(images);
  if (newest !== undefined) return sourceAmi(newest);
  throw missing(choice, region.name);
}

function requestFor(choice: SourceAmiChoice): DescribeImagesCommandInput {
  if (choice.kind === 'id') return { ImageIds: [choice.id] };
  const { owner, name } = AMI_PUBLISHERS[choice.family];
  const filters = {
    name,
    state: 'available',
    architecture: 'x86_64',
    'root-device-type': 'ebs',
    'virtualization-type': 'hvm',
  };
  return {
    Owners: [owner],
    Filters: Object.entries(filters).map(([Name, value]) => ({ Name, Values: [value] })),
  };
}

function newestOf(images: readonly Image[]): Image | undefined {
  const date = ({ CreationDate = '' }: Image): string => CreationDate;
  return [...images].sort((one, other) => date(other).localeCompare(date(one)))[0];
}

function sourceAmi(image: Image): SourceAmi {
  const { ImageId = '', Name = '', OwnerId = '', RootDeviceName = '', BlockDeviceMappings = [] } = image;
  const root = BlockDeviceMappings.find(({ DeviceName }) => DeviceName === RootDeviceName);
  return {
    id: ImageId,
    name: Name,
    owner: OwnerId,
    rootDevice: RootDeviceName,
    diskGib: root?.Ebs?.VolumeSize ?? 0,
    family: familyOfName(Name),
  };
}

function missing(choice: SourceAmiChoice, region: string): BuilderError {
  if (choice.kind === 'id') {
    return new BuilderError('source-ami-missing', `there is no AMI ${choice.id} in ${region}`, {
      hint: 'an id is of one region alone: see AWS_SOURCE_AMI and AWS_REGION, and whether it is shared with you',
    });
  }
  const { owner, name } = AMI_PUBLISHERS[choice.family];
  return new BuilderError('source-ami-missing', `${region} has no AMI ${name} of the account ${owner}`, {
    hint: `${choice.family} may not be published there: set AWS_REGION to another, or AWS_SOURCE_AMI to an id`,
  });
}

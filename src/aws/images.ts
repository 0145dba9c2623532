import {
  CopyImageCommand,
  DeregisterImageCommand,
  EnableImageDeprecationCommand,
  type Filter,
  type Image,
  ModifyImageAttributeCommand,
  ModifySnapshotAttributeCommand,
  paginateDescribeImages,
  RegisterImageCommand,
} from '@aws-sdk/client-ec2';
import { BuilderError } from '../errors.ts';
import { type AwsRegion, awsErrorName } from './aws-region.ts';
import { type RegisterInput, registerRequest } from './register-request.ts';
import { hasZeros, type ImageFacts, imageTags, keyOf, type SnapshotFacts, snapshotTags } from './tags.ts';
import { waitUntil } from './wait-until.ts';

const PAGE = 200;
const REGISTER_TIMEOUT_MS = 30 * 60_000;
const COPY_TIMEOUT_MS = 4 * 3600_000;

/** An image of this account. */
export interface OwnImage {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  /** Why it is in no good state. */
  readonly stateReason: string;
  readonly snapshotIds: readonly string[];
  /** Of the publish that made it; undefined when this program did not. */
  readonly key: string | undefined;
  /** Whether its snapshot has all blocks, zeros too. */
  readonly writesZeros: boolean;
}

/** The account's images that pass the filters. */
export async function findImages(region: AwsRegion, filters: readonly Filter[]): Promise<OwnImage[]> {
  return region.ask('ec2:DescribeImages', async (abortSignal) => {
    const found: OwnImage[] = [];
    const input = { Owners: ['self'], Filters: [...filters] };
    for await (const page of paginateDescribeImages({ client: region.ec2, pageSize: PAGE }, input, {
      abortSignal,
    })) {
      found.push(...(page.Images ?? []).map(ownImage));
    }
    return found;
  });
}

/** The image of this name, when it is of this publish; undefined when the name is free. Fails with `ami-name-taken`. */
export async function findPublished(
  region: AwsRegion,
  { name, key, writesZeros }: ImageFacts,
): Promise<OwnImage | undefined> {
  const [image] = await findImages(region, [{ Name: 'name', Values: [name] }]);
  if (image === undefined) return undefined;
  if (image.key === key && (image.writesZeros || !writesZeros)) return image;
  const whose = image.key === undefined ? 'was not made by this program' : differenceOf(image, key);
  throw new BuilderError(
    'ami-name-taken',
    `${region.name} has an AMI ${name} already, ${image.id}, which ${whose}`,
    {
      hint: 'give another name with --name, or deregister that one',
    },
  );
}

function differenceOf(image: OwnImage, key: string): string {
  return image.key === key ? 'lacks the blocks of zeros' : 'is of another disk, or other settings';
}

/** Registers an image of a snapshot and returns its id. One that an unheard earlier try made is taken. */
export async function registerImage(region: AwsRegion, input: RegisterInput): Promise<string> {
  const command = new RegisterImageCommand(registerRequest(input));
  try {
    const answer = await region.ask('ec2:RegisterImage', (abortSignal) =>
      region.ec2.send(command, { abortSignal }),
    );
    return requireId(answer.ImageId, 'RegisterImage');
  } catch (thrown) {
    if (awsErrorName(thrown) !== 'InvalidAMIName.Duplicate') throw thrown;
    const image = await findPublished(region, input);
    if (image?.snapshotIds.includes(input.snapshotId) === true) return image.id;
    throw thrown;
  }
}

export interface CopyInput {
  /** Of the snapshot that it copies. */
  readonly facts: SnapshotFacts;
  readonly description: string;
  readonly source: { readonly region: string; readonly imageId: string };
  readonly isEncrypted: boolean;
  readonly keyArn: string | undefined;
  /** For one copy, however often it is asked for. */
  readonly token: string;
}

/** Starts to copy an image into a region and returns the copy's id. */
export async function copyImage(region: AwsRegion, input: CopyInput): Promise<string> {
  const command = new CopyImageCommand({
    Name: input.facts.name,
    Description: input.description,
    SourceRegion: input.source.region,
    SourceImageId: input.source.imageId,
    ClientToken: input.token,
    ...(input.isEncrypted ? { Encrypted: true } : {}),
    ...(input.keyArn === undefined ? {} : { KmsKeyId: input.keyArn }),
    TagSpecifications: [
      { ResourceType: 'image', Tags: imageTags(input.facts) },
      // A copy stands on nothing, and may be a parent itself.
      { ResourceType: 'snapshot', Tags: snapshotTags({ ...input.facts, parentId: undefined }) },
    ],
  });
  const answer = await region.ask('ec2:CopyImage', (abortSignal) =>
    region.ec2.send(command, { abortSignal }),
  );
  return requireId(answer.ImageId, 'CopyImage');
}

/** Waits until an image can be used. Fails with `aws-refused` when it never can. */
export async function waitForImage(
  region: AwsRegion,
  id: string,
  kind: 'registered' | 'copied',
  signal: AbortSignal,
): Promise<OwnImage> {
  const look = async (): Promise<OwnImage | undefined> => {
    const [image] = await findImages(region, [{ Name: 'image-id', Values: [id] }]);
    if (image === undefined || image.state === 'pending') return undefined;
    if (image.state === 'available') return image;
    throw new BuilderError(
      'aws-refused',
      `${id} in ${region.name} came to the state ${image.state}: ${image.stateReason}`,
      { hint: 'publish cleanup removes it; then publish again' },
    );
  };
  const timeoutMs = kind === 'copied' ? COPY_TIMEOUT_MS : REGISTER_TIMEOUT_MS;
  return waitUntil(look, { what: `${id} in ${region.name}`, timeoutMs, signal });
}

/** Lets accounts start instances of an image, and make copies of it. */
export async function shareImage(
  region: AwsRegion,
  image: OwnImage,
  accounts: readonly string[],
): Promise<void> {
  const Add = accounts.map((UserId) => ({ UserId }));
  const launch = new ModifyImageAttributeCommand({ ImageId: image.id, LaunchPermission: { Add } });
  await region.ask('ec2:ModifyImageAttribute', (abortSignal) => region.ec2.send(launch, { abortSignal }));
  for (const SnapshotId of image.snapshotIds) {
    const read = new ModifySnapshotAttributeCommand({ SnapshotId, CreateVolumePermission: { Add } });
    await region.ask('ec2:ModifySnapshotAttribute', (abortSignal) => region.ec2.send(read, { abortSignal }));
  }
}

export async function deprecateImage(region: AwsRegion, imageId: string, date: Date): Promise<void> {
  const command = new EnableImageDeprecationCommand({ ImageId: imageId, DeprecateAt: date });
  await region.ask('ec2:EnableImageDeprecation', (abortSignal) => region.ec2.send(command, { abortSignal }));
}

/** Deregisters an image; one that is gone is fine. Its snapshots stay. */
export async function deregisterImage(region: AwsRegion, imageId: string): Promise<void> {
  const command = new DeregisterImageCommand({ ImageId: imageId });
  await region
    .ask('ec2:DeregisterImage', (abortSignal) => region.ec2.send(command, { abortSignal }))
    .catch((thrown: unknown) => {
      if (!['InvalidAMIID.NotFound', 'InvalidAMIID.Unavailable'].includes(awsErrorName(thrown) ?? ''))
        throw thrown;
    });
}

function ownImage(image: Image): OwnImage {
  return {
    id: image.ImageId ?? '',
    name: image.Name ?? '',
    state: image.State ?? 'unknown',
    stateReason: image.StateReason?.Message ?? 'AWS says no reason',
    snapshotIds: (image.BlockDeviceMappings ?? []).flatMap(({ Ebs }) => Ebs?.SnapshotId ?? []),
    key: keyOf(image.Tags),
    writesZeros: hasZeros(image.Tags),
  };
}

function requireId(id: string | undefined, action: string): string {
  if (id === undefined) throw new Error(`${action} answers without an id`);
  return id;
}

import {
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  type Image,
} from '@aws-sdk/client-ec2';
import { type AwsRegion, awsErrorName } from './aws-region.ts';

/**
 * What Packer says of the images that it makes (checked against 1.6.6). One that it waits for when it is stopped, or that
 * takes too long, it leaves behind.
 */
export class UnfinishedImages {
  readonly ids: string[] = [];
  #wantedName = '';

  /** The name of the finished image, once one was begun: until then it may be another's. */
  get name(): string | undefined {
    return this.ids.length === 0 || this.#wantedName === '' ? undefined : this.#wantedName;
  }

  line(text: string): void {
    const id = /^AMI: (ami-[0-9a-f]+)$/.exec(text)?.[1];
    if (id !== undefined) this.ids.push(id);
    this.#wantedName = /^Prevalidating AMI Name: (.+)$/.exec(text)?.[1] ?? this.#wantedName;
  }

  /** Those of the images that are still there: by their ids, and by the name, which an encrypted copy has. */
  async find(region: AwsRegion): Promise<readonly string[]> {
    const { ids, name } = this;
    if (ids.length === 0) return [];
    const filters = [{ Name: 'image-id', Values: ids }];
    if (name !== undefined) filters.push({ Name: 'name', Values: [name] });
    const found = await Promise.all(filters.map((filter) => imagesBy(region, filter)));
    return [...new Set(found.flat().flatMap(({ ImageId }) => ImageId ?? []))];
  }
}

/** Deregisters an image of this account and deletes its snapshots; what is gone is fine. Fails as `AwsRegion.ask`. */
export async function discardImage(region: AwsRegion, id: string): Promise<void> {
  const [image] = await imagesBy(region, { Name: 'image-id', Values: [id] });
  const deregister = new DeregisterImageCommand({ ImageId: id });
  await region
    .ask('ec2:DeregisterImage', (abortSignal) => region.ec2.send(deregister, { abortSignal }))
    .catch(unlessGone);
  for (const { Ebs } of image?.BlockDeviceMappings ?? []) {
    if (Ebs?.SnapshotId === undefined) continue;
    const remove = new DeleteSnapshotCommand({ SnapshotId: Ebs.SnapshotId });
    await region
      .ask('ec2:DeleteSnapshot', (abortSignal) => region.ec2.send(remove, { abortSignal }))
      .catch(unlessGone);
  }
}

async function imagesBy(
  region: AwsRegion,
  filter: { readonly Name: string; readonly Values: string[] },
): Promise<readonly Image[]> {
  const command = new DescribeImagesCommand({ Owners: ['self'], Filters: [filter] });
  const { Images = [] } = await region.ask('ec2:DescribeImages', (abortSignal) =>
    region.ec2.send(command, { abortSignal }),
  );
  return Images;
}

function unlessGone(thrown: unknown): void {
  if (!/\.(NotFound|Unavailable)$/.test(awsErrorName(thrown) ?? '')) throw thrown;
}

import { DescribeImagesCommand, ModifyImageAttributeCommand } from '@aws-sdk/client-ec2';
import { BuilderError } from '../errors.ts';
import type { Ami } from '../events.ts';
import type { AwsRegion } from './aws-region.ts';

/** The ids in what Packer calls an AMI that it has made: `us-west-2:ami-…,eu-central-1:ami-…`. */
export function parseAmiIds(artifactId: string): { readonly region: string; readonly id: string }[] {
  return artifactId.split(',').flatMap((pair) => {
    const [region, id] = pair.trim().split(':');
    return region && id?.startsWith('ami-') === true ? [{ region, id }] : [];
  });
}

/** What AWS knows of an AMI that was made just now. Fails with `aws-refused` when it is gone, and as `AwsRegion.ask`. */
export async function readBuiltAmi(region: AwsRegion, id: string): Promise<Ami> {
  const command = new DescribeImagesCommand({ ImageIds: [id] });
  const { Images = [] } = await region.ask('ec2:DescribeImages', (abortSignal) =>
    region.ec2.send(command, { abortSignal }),
  );
  const [image] = Images;
  const devices = image?.BlockDeviceMappings ?? [];
  const root = devices.find(({ DeviceName }) => DeviceName === image?.RootDeviceName) ?? devices[0];
  const snapshotId = root?.Ebs?.SnapshotId;
  if (image === undefined || snapshotId === undefined) {
    throw new BuilderError('aws-refused', `the AMI ${id} in ${region.name} has no snapshot to be found`, {
      hint: 'look at it in the EC2 console; it may have been deregistered meanwhile',
    });
  }
  return { region: region.name, id, snapshotId, name: image.Name ?? '' };
}

/** Lets instances of an AMI have their metadata by IMDSv2 alone. Packer 1.6.6 cannot. Fails as `AwsRegion.ask`. */
export async function requireImdsV2(region: AwsRegion, id: string): Promise<void> {
  const command = new ModifyImageAttributeCommand({ ImageId: id, ImdsSupport: { Value: 'v2.0' } });
  await region.ask('ec2:ModifyImageAttribute', (abortSignal) => region.ec2.send(command, { abortSignal }));
}

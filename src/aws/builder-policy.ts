import { KEY_ACTIONS, type Policy } from './policy.ts';

/**
 * What Packer 1.6.6's amazon-ebs builder asks for with the program's own template, and this program beside it: the source AMI, the
 * read-back, IMDSv2, and the removal of an image that was not finished.
 */
export const BUILDER_ACTIONS: Readonly<Record<'look' | 'instance' | 'image', readonly string[]>> = {
  look: [
    'ec2:DescribeImages',
    'ec2:DescribeInstances',
    'ec2:DescribeRegions',
    'ec2:DescribeSecurityGroups',
    'ec2:DescribeSnapshots',
    'ec2:DescribeSubnets',
    'ec2:DescribeVolumes',
  ],
  instance: [
    'ec2:AuthorizeSecurityGroupIngress',
    'ec2:CreateKeyPair',
    'ec2:CreateSecurityGroup',
    'ec2:CreateTags',
    'ec2:DeleteKeyPair',
    'ec2:DeleteSecurityGroup',
    'ec2:DeleteVolume',
    'ec2:RunInstances',
    'ec2:StopInstances',
    'ec2:TerminateInstances',
  ],
  image: [
    'ec2:CopyImage',
    'ec2:CreateImage',
    'ec2:DeleteSnapshot',
    'ec2:DeregisterImage',
    'ec2:ModifyImageAttribute',
  ],
};

/**
 * The policy that an AMI by Packer needs in a region. It is wider than that of publishing: Packer 1.6.6 puts no tags on key pairs
 * and groups when it makes them, by which what it may remove could be told. `keyArns` are the keys that encrypt, if any.
 */
export function builderPolicy(region: string, keyArns: readonly string[]): Policy {
  const Condition = { StringEquals: { 'aws:RequestedRegion': region } };
  const allow = (Sid: string, Action: readonly string[]): Policy['Statement'][number] => ({
    ...{ Sid, Effect: 'Allow', Action, Resource: '*', Condition },
  });
  const { look, instance, image } = BUILDER_ACTIONS;
  return {
    Version: '2012-10-17',
    Statement: [
      allow('Look', look),
      allow('RunInstance', instance),
      allow('MakeImage', image),
      ...(keyArns.length === 0
        ? []
        : [{ Sid: 'UseKeys', Effect: 'Allow' as const, Action: KEY_ACTIONS, Resource: keyArns }]),
    ],
  };
}

import { type AwsAction, actionsFor, type Purpose } from './actions.ts';
import { KEY_TAG } from './tags.ts';

interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow';
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export interface Policy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

/** What EBS needs of a key (EBS user guide, "Permissions to use AWS KMS keys"). */
export const KEY_ACTIONS = [
  'kms:CreateGrant',
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncrypt*',
];

/**
 * The least policy that publishing needs in these regions: it may make what carries this program's tag, and change, read
 * and remove only that. `keyArns` are the keys that encrypt, if any.
 */
export function publishPolicy(regions: readonly string[], keyArns: readonly string[]): Policy {
  const arns = (kind: string): string[] =>
    regions.map((region) => `arn:${partitionOf(region)}:ec2:${region}::${kind}/*`);
  const [snapshots, images] = [arns('snapshot'), arns('image')];
  const made = { Null: { [`aws:RequestTag/${KEY_TAG}`]: 'false' } };
  const ours = { Null: { [`aws:ResourceTag/${KEY_TAG}`]: 'false' } };
  const allow = (
    Sid: string,
    Action: readonly string[],
    Resource: string | readonly string[],
    Condition?: Statement['Condition'],
  ): Statement => ({
    Sid,
    Effect: 'Allow',
    Action,
    Resource,
    ...(Condition === undefined ? {} : { Condition }),
  });
  const actions = (purpose: Purpose): readonly AwsAction[] => actionsFor(purpose);
  return {
    Version: '2012-10-17',
    Statement: [
      allow('Look', actions('look'), '*'),
      allow('StartSnapshots', actions('start'), snapshots, made),
      allow('UseOwnSnapshots', actions('write'), snapshots, ours),
      allow('RegisterImages', actions('register'), images, made),
      allow('RegisterOwnSnapshots', actions('register'), snapshots, ours),
      allow('TagWhatIsMade', actions('tag'), [...images, ...snapshots], made),
      allow('CopyImages', actions('copy'), [...images, ...snapshots]),
      allow('ShareOwn', actions('share'), [...images, ...snapshots], ours),
      allow('DeprecateOwn', actions('deprecate'), images, ours),
      allow('RemoveOwn', actions('remove'), [...images, ...snapshots], ours),
      ...(keyArns.length === 0 ? [] : [allow('UseKeys', KEY_ACTIONS, keyArns)]),
    ],
  };
}

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

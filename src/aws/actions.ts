/** What an action of AWS is for; each purpose is a statement of the policy. */
export type Purpose =
  | 'look'
  | 'start'
  | 'write'
  | 'register'
  | 'tag'
  | 'copy'
  | 'share'
  | 'deprecate'
  | 'remove';

/** Every action that this program asks AWS for. What is not in this table cannot be asked. */
export const ACTION_PURPOSES = {
  'ec2:DescribeImages': 'look',
  'ec2:DescribeSnapshots': 'look',
  'ec2:GetEbsEncryptionByDefault': 'look',
  'ebs:StartSnapshot': 'start',
  'ebs:PutSnapshotBlock': 'write',
  'ebs:CompleteSnapshot': 'write',
  'ebs:ListSnapshotBlocks': 'write',
  'ebs:GetSnapshotBlock': 'write',
  'ec2:RegisterImage': 'register',
  'ec2:CreateTags': 'tag',
  'ec2:CopyImage': 'copy',
  'ec2:ModifyImageAttribute': 'share',
  'ec2:ModifySnapshotAttribute': 'share',
  'ec2:EnableImageDeprecation': 'deprecate',
  'ec2:DeregisterImage': 'remove',
  'ec2:DeleteSnapshot': 'remove',
} as const satisfies Readonly<Record<string, Purpose>>;

/** An action as policies name it. */
export type AwsAction = keyof typeof ACTION_PURPOSES;

/** The actions of one purpose. */
export function actionsFor(purpose: Purpose): readonly AwsAction[] {
  return (Object.keys(ACTION_PURPOSES) as AwsAction[]).filter((name) => ACTION_PURPOSES[name] === purpose);
}

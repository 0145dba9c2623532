import { describe, expect, it } from 'vitest';
import { ACTION_PURPOSES } from './actions.ts';
import { publishPolicy } from './policy.ts';

const KEY = 'arn:aws:kms:us-west-2:111122223333:key/1';

describe('publishPolicy', () => {
  it('allows every action that is asked for, and no other', () => {
    const { Statement } = publishPolicy(['us-west-2'], []);
    const allowed = new Set(Statement.flatMap(({ Action }) => Action));
    expect([...allowed].sort()).toEqual(Object.keys(ACTION_PURPOSES).sort());
  });

  it('lets what carries the tag alone be changed and removed', () => {
    const { Statement } = publishPolicy(['us-west-2'], []);
    const changing = Statement.filter(({ Action }) =>
      Action.some((name) => /Put|Complete|Modify|Delete|Deregister|Deprecation/.test(name)),
    );
    expect(changing.length).toBeGreaterThan(2);
    for (const { Condition } of changing) {
      expect(Condition).toEqual({ Null: { 'aws:ResourceTag/netsil-builder': 'false' } });
    }
  });

  it('names the resources of its regions, in their partition, and keys when there are some', () => {
    const text = JSON.stringify(publishPolicy(['us-west-2', 'cn-north-1', 'us-gov-west-1'], [KEY]));
    expect(text).toContain('arn:aws:ec2:us-west-2::snapshot/*');
    expect(text).toContain('arn:aws-cn:ec2:cn-north-1::image/*');
    expect(text).toContain('arn:aws-us-gov:ec2:us-gov-west-1::image/*');
    expect(publishPolicy(['us-west-2'], [KEY]).Statement.at(-1)).toMatchObject({
      Sid: 'UseKeys',
      Resource: [KEY],
    });
    expect(JSON.stringify(publishPolicy(['us-west-2'], []))).not.toContain('kms:');
  });
});

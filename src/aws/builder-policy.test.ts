import { describe, expect, it } from 'vitest';
import { builderPolicy } from './builder-policy.ts';

describe("the policy of Packer's builder", () => {
  it('is for one region', () => {
    for (const { Condition } of builderPolicy('eu-west-1', []).Statement) {
      expect(Condition).toEqual({ StringEquals: { 'aws:RequestedRegion': 'eu-west-1' } });
    }
  });

  it('has the keys that encrypt, when there are some', () => {
    const key = 'arn:aws:kms:us-west-2:111122223333:key/1';
    const { Statement } = builderPolicy('us-west-2', [key]);
    expect(Statement.at(-1)).toMatchObject({ Sid: 'UseKeys', Resource: [key] });
    expect(JSON.stringify(builderPolicy('us-west-2', []))).not.toContain('kms:');
  });
});

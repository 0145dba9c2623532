import { describe, expect, it } from 'vitest';
import { awsRefusal } from './aws-refusal.ts';

const STATUS = '\n\tstatus code: 403, request id: 59dbff89-35bd';

describe('what Packer says of a refusal of AWS', () => {
  it.each([
    [
      'no valid credential sources for  found.\n\nError: NoCredentialProviders: no valid providers',
      'credentials-missing',
    ],
    [`error validating regions: AuthFailure: AWS was not able to validate${STATUS}`, 'credentials-refused'],
    [`Error launching source instance: UnauthorizedOperation: You are not authorized${STATUS}`, 'aws-denied'],
    [`Error launching source instance: VcpuLimitExceeded: You have requested more${STATUS}`, 'aws-quota'],
    ["Error: AMI Name: 'x' is used by an existing AMI: ami-1", 'ami-name-taken'],
    [`VPCIdNotSpecified: No default VPC for this user${STATUS}`, 'aws-refused'],
    [`Error launching source instance: InvalidParameterValue: Invalid value 't9'${STATUS}`, 'aws-refused'],
  ])('%j is %s', (said, code) => {
    const error = awsRefusal(said);
    expect(error?.code).toBe(code);
    expect(error?.message).not.toMatch(/status code|\n/);
    expect(error?.hint).toBeTruthy();
  });

  it('is not found in what was not refused by AWS', () => {
    expect(
      awsRefusal('Script exited with non-zero exit status: 3. Allowed exit codes are: [0]'),
    ).toBeUndefined();
    expect(awsRefusal('Timeout waiting for SSH.')).toBeUndefined();
  });
});

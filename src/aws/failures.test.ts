import { describe, expect, it } from 'vitest';
import { BuilderError } from '../errors.ts';
import { explainFailure, failureKind } from './failures.ts';

function sdkError(name: string, httpStatusCode = 400, message = 'words'): Error {
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode } });
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

const ASKED = { action: 'ec2:RegisterImage', region: 'us-west-2', work: 'publish' } as const;

describe('failureKind', () => {
  it.each([
    ['throttled', sdkError('RequestThrottledException')],
    ['throttled', sdkError('RequestLimitExceeded', 503)],
    ['throttled', sdkError('Anything', 429)],
    ['server', sdkError('InternalServerException', 500)],
    ['server', sdkError('Unknown', 503)],
    ['timeout', sdkError('TimeoutError', 0)],
    ['connection', systemError('ECONNRESET')],
    ['connection', systemError('EPIPE')],
    ['refused', systemError('ENOTFOUND')],
    ['refused', sdkError('ValidationException')],
    ['refused', 'a text'],
  ])('is %s', (kind, thrown) => {
    expect(failureKind(thrown)).toBe(kind);
  });
});

describe('explainFailure', () => {
  it.each([
    ['aws-denied', 'UnauthorizedOperation'],
    ['aws-denied', 'AccessDeniedException'],
    ['credentials-missing', 'CredentialsProviderError'],
    ['credentials-refused', 'AuthFailure'],
    ['credentials-refused', 'InvalidSignatureException'],
    ['credentials-refused', 'SignatureDoesNotMatch'],
    ['credentials-refused', 'ExpiredToken'],
    ['credentials-refused', 'OptInRequired'],
    ['aws-quota', 'ServiceQuotaExceededException'],
    ['aws-quota', 'SnapshotLimitExceeded'],
    ['aws-unavailable', 'RequestLimitExceeded'],
    ['aws-refused', 'InvalidParameterValue'],
  ])('is %s for %s, with a hint', (code, name) => {
    const error = explainFailure(sdkError(name), ASKED);
    expect(error.code).toBe(code);
    expect(error.message).toContain('words');
    expect(error.hint).toMatch(/\S/);
  });

  it('names the action that is not allowed, and cuts what AWS encodes into its message', () => {
    const error = explainFailure(sdkError('UnauthorizedOperation', 403, 'x'.repeat(2000)), ASKED);
    expect(error.message).toMatch(/^these credentials may not do ec2:RegisterImage in us-west-2: x{300}…$/);
    expect(error.hint).toBe('allow ec2:RegisterImage; publish policy prints all that is needed');
    const packers = explainFailure(sdkError('UnauthorizedOperation', 403), { ...ASKED, work: 'packer' });
    expect(packers.hint).toContain('publish policy --packer prints');
  });

  it('takes a region without an address for what it is, and leaves our own errors alone', () => {
    expect(explainFailure(systemError('ENOTFOUND'), ASKED).message).toBe(
      'there is no address of AWS for the region us-west-2',
    );
    const own = new BuilderError('disk-full', 'full');
    expect(explainFailure(own, ASKED)).toBe(own);
  });
});

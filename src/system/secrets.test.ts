import { describe, expect, it } from 'vitest';
import { redact, registerSecret } from './secrets.ts';

describe('redact', () => {
  it('replaces a secret wherever it stands, also in base64', () => {
    registerSecret('correct horse');
    const base64 = Buffer.from('correct horse').toString('base64');
    expect(redact(`a=correct horse,b=${base64},correct horse`)).toBe('a=[secret],b=[secret],[secret]');
  });

  it('leaves the text alone for values that are too short or missing', () => {
    registerSecret('root');
    registerSecret('');
    registerSecret('         ');
    registerSecret(undefined);
    expect(redact('root is         root')).toBe('root is         root');
  });

  it('leaves nothing of a secret that holds another one, whichever was registered first', () => {
    registerSecret('inner-part');
    registerSecret('before-inner-part-after');
    expect(redact('x before-inner-part-after y')).toBe('x [secret] y');
  });

  it('replaces the lines of a key one by one, as output comes, but not its frame', () => {
    const lines = ['b3BlbnNzaC1rZXktdjEAAAAABG5vbmU', 'QyNTUxOQAAACDvvv3J9zVpG3kAAAAAAA'];
    const frame = ['-----BEGIN OPENSSH PRIVATE KEY-----', '-----END OPENSSH PRIVATE KEY-----'] as const;
    registerSecret([frame[0], ...lines, frame[1], ''].join('\n'));
    expect([frame[0], ...lines, frame[1]].map(redact)).toEqual([frame[0], '[secret]', '[secret]', frame[1]]);
    expect(redact(JSON.stringify(lines.join('\n')))).toBe('"[secret]\\n[secret]"');
  });

  it('replaces a secret that was read from a file with a line end', () => {
    registerSecret('from-a-file\n');
    expect(redact('token from-a-file here')).toBe('token [secret] here');
  });
});

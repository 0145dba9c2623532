import { describe, expect, it } from 'vitest';
import { openTarget } from './target.ts';

describe('whom the contract is held against', () => {
  it('is the stand-in, whatever credentials are there', async () => {
    const env = { AWS_PROFILE: 'work', AWS_ACCESS_KEY_ID: 'AKIA', HOME: process.env['HOME'] };
    await using target = await openTarget(env);
    expect(target.name).toBe('the stand-in');
    expect(process.env['AWS_ENDPOINT_URL']).toMatch(/^http:\/\/127\.0\.0\.1:/);
    expect(process.env['AWS_PROFILE']).toBeUndefined();
  });

  it('is an emulator by its address, with keys that no account has', async () => {
    await using target = await openTarget({ CONTRACT_AWS_ENDPOINT: 'http://127.0.0.1:5000' });
    expect(target.name).toBe('http://127.0.0.1:5000');
    expect(process.env['AWS_ACCESS_KEY_ID']).toBe('contract');
  });

  it('is an account only by a profile that is named for it, and not both', async () => {
    await using target = await openTarget({
      CONTRACT_AWS_PROFILE: 'trying',
      CONTRACT_AWS_REGION: 'eu-west-1',
    });
    expect([target.name, target.region]).toEqual(['the account of the profile trying', 'eu-west-1']);
    expect(process.env['AWS_PROFILE']).toBe('trying');
    const both = { CONTRACT_AWS_PROFILE: 'trying', CONTRACT_AWS_ENDPOINT: 'http://127.0.0.1:5000' };
    await expect(openTarget(both)).rejects.toThrow('exclude each other');
  });
});

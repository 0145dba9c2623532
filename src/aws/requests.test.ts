import { describe, expect, it } from 'vitest';
import { type PublishedContent, publishKey, startToken } from './identity.ts';
import { registerRequest } from './register-request.ts';
import { readSnapshotTags, snapshotTags } from './tags.ts';

const CONTENT: PublishedContent = {
  diskDigest: 'd',
  name: 'n',
  bootMode: 'uefi',
  encryption: 'none',
};

describe('what a publish is known by', () => {
  it('is the same for the same content, and another for each other one', () => {
    const others: Partial<PublishedContent>[] = [
      { diskDigest: 'e' },
      { name: 'm' },
      { bootMode: 'legacy-bios' },
      { encryption: 'default' },
    ];
    const keys = [CONTENT, ...others.map((other) => ({ ...CONTENT, ...other }))].map(publishKey);
    expect(new Set(keys).size).toBe(5);
    expect(publishKey({ ...CONTENT })).toBe(keys[0]);
    expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
  });

  it('leads to one token, until a snapshot is gone', () => {
    const start = { key: 'k', writesZeros: false, parentId: undefined };
    const tokens = [
      startToken(start, []),
      startToken({ ...start, writesZeros: true }, []),
      startToken({ ...start, parentId: 's' }, []),
      startToken(start, ['s']),
    ];
    expect(new Set(tokens).size).toBe(4);
    // The longest that the service takes is 64.
    for (const token of tokens) expect(token).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('registerRequest', () => {
  it('says all that EC2 would take otherwise', () => {
    const input = {
      name: 'n',
      description: 'd',
      key: 'k',
      snapshotId: 'snap-1',
      bootMode: 'uefi',
      writesZeros: false,
    } as const;
    const request = registerRequest(input);
    expect(request).toMatchObject({
      Architecture: 'x86_64',
      VirtualizationType: 'hvm',
      BootMode: 'uefi',
      EnaSupport: true,
      ImdsSupport: 'v2.0',
      TagSpecifications: [
        {
          ResourceType: 'image',
          Tags: [{ Value: 'n' }, { Key: 'netsil-builder', Value: 'k' }, { Value: 'data' }],
        },
      ],
    });
    expect(request.BlockDeviceMappings).toEqual([
      {
        DeviceName: request.RootDeviceName,
        Ebs: { SnapshotId: 'snap-1', VolumeType: 'gp3', DeleteOnTermination: true },
      },
    ]);
  });
});

describe('the tags of a snapshot', () => {
  it.each([
    { parentId: undefined, writesZeros: true },
    { parentId: 'snap-1', writesZeros: false },
  ])('tell of it: %o', (some) => {
    const facts = { name: 'n', key: 'k', diskDigest: 'd', encryption: 'default', ...some };
    expect(readSnapshotTags(snapshotTags(facts))).toEqual(facts);
  });

  it('are none of ours without the key', () => {
    expect(readSnapshotTags([{ Key: 'Name', Value: 'n' }])).toBeUndefined();
    expect(readSnapshotTags(undefined)).toBeUndefined();
  });
});

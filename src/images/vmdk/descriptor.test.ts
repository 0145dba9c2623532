import { describe, expect, it } from 'vitest';
import { newContentId, streamDescriptor } from './descriptor.ts';

describe('streamDescriptor', () => {
  it('says what ESXi and VirtualBox look for', () => {
    const lines = streamDescriptor('web.stream.vmdk', 10_000 * 1024 ** 2, '0badcafe').split('\n');
    expect(lines[0]).toBe('# Disk DescriptorFile');
    for (const line of [
      'CID=0badcafe',
      'parentCID=ffffffff',
      'createType="streamOptimized"',
      'RW 20480000 SPARSE "web.stream.vmdk"',
      'ddb.adapterType = "lsilogic"',
      'ddb.geometry.cylinders = "1275"',
    ]) {
      expect(lines).toContain(line);
    }
  });

  it('keeps the geometry of a very large disk within what a BIOS can say', () => {
    expect(streamDescriptor('x', 8 * 1024 ** 4, '0')).toContain('ddb.geometry.cylinders = "65535"');
  });

  it('does not let a name end the line that it stands in', () => {
    expect(streamDescriptor('a"b', 512, '0')).toContain('SPARSE "a_b"');
  });
});

describe('newContentId', () => {
  it('is eight hex digits, another each time', () => {
    const ids = Array.from({ length: 100 }, newContentId);
    expect(ids.every((id) => /^[0-9a-f]{8}$/.test(id))).toBe(true);
    expect(new Set(ids).size).toBeGreaterThan(90);
  });
});

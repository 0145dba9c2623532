import { describe, expect, it } from 'vitest';
import { type OvfMachine, ovfText, SHARED_HARDWARE, VIRTUALBOX_HARDWARE } from './ovf.ts';

const MACHINE: OvfMachine = {
  name: 'web "1" <&>',
  hardware: SHARED_HARDWARE,
  file: { name: 'web.stream.vmdk', bytes: 1000 },
  disk: { virtualSizeBytes: 4096, dataBytes: 2048 },
};

describe('ovfText', () => {
  it('names the file, its size, the size of the disk and its format', () => {
    const text = ovfText(MACHINE);
    expect(text).toContain('<File ovf:href="web.stream.vmdk" ovf:id="file1" ovf:size="1000"/>');
    expect(text).toContain('<Disk ovf:capacity="4096" ');
    expect(text).toContain('vmdk.html#streamOptimized" ovf:populatedSize="2048"');
  });

  it('asks for a machine that vSphere knows, or one of VirtualBox', () => {
    expect(ovfText(MACHINE)).toContain('<vssd:VirtualSystemType>vmx-13<');
    const text = ovfText({ ...MACHINE, hardware: VIRTUALBOX_HARDWARE });
    expect(text).toContain('<vssd:VirtualSystemType>virtualbox-2.2<');
    expect(text).toContain('<rasd:ResourceSubType>AHCI<');
  });

  it('has processors, memory, a controller, a disk on it, and a network card', () => {
    const types = [...ovfText(MACHINE).matchAll(/<rasd:ResourceType>(\d+)</g)].map(([, type]) =>
      Number(type),
    );
    expect(types).toEqual([3, 4, 6, 17, 10]);
  });

  it('keeps the fields of each item in the order of the alphabet, as the schema wants', () => {
    for (const [, item = ''] of ovfText(MACHINE).matchAll(/<Item>(.*?)<\/Item>/gs)) {
      const fields = [...item.matchAll(/<rasd:(\w+)>/g)].map(([, field]) => field);
      expect(fields.length).toBeGreaterThan(3);
      expect(fields).toEqual([...fields].sort());
    }
  });

  it('does not let a name become markup', () => {
    expect(ovfText(MACHINE)).toContain('<Name>web &quot;1&quot; &lt;&amp;&gt;</Name>');
  });
});

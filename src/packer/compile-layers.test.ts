import { describe, expect, it } from 'vitest';
import { compileLayers, type LayeredRun } from './compile-layers.ts';
import type { PackerTemplate, TemplateSection } from './template.ts';

const TEMPLATE: PackerTemplate = {
  builders: [
    {
      type: 'qemu',
      disk_image: true,
      iso_url: '/base',
      disk_interface: 'virtio',
      disk_discard: 'unmap',
      qemuargs: [['-cpu', 'x']],
    },
    { type: 'amazon-ebs' },
  ],
  provisioners: [
    { type: 'ansible', playbook_file: 'a.yml' },
    { type: 'shell', inline: ['only there'], only: ['amazon-ebs'] },
    { type: 'ansible', playbook_file: 'b.yml' },
    { type: 'file', source: 'c', only: ['qemu'] },
  ],
};
const [a, , b, c] = TEMPLATE.provisioners ?? [];

function layered(changes: Partial<LayeredRun> = {}): LayeredRun {
  return {
    builder: 'qemu',
    provisioners: [
      { index: 0, name: 'a', section: a as TemplateSection, isLayer: true },
      { index: 2, name: 'b', section: b as TemplateSection, isLayer: true },
      { index: 3, name: 'c', section: c as TemplateSection, isLayer: false },
    ],
    cached: undefined,
    diskPath: '/run/layers/x/disk.qcow2',
    memoryPath: undefined,
    packerBasePath: undefined,
    socketPath: '/run/s',
    ...changes,
  };
}

/** Each provisioner in a word: what it runs, or where Packer stops; and where, if not everywhere. */
function story(run: LayeredRun, template = TEMPLATE): string[] {
  return (compileLayers(template, run).provisioners ?? []).map((section) => {
    const only = Array.isArray(section['only']) ? ` in ${section['only'].join()}` : '';
    const place = /\/layer\/([^']+)'/.exec(JSON.stringify(section))?.[1];
    const what = section['playbook_file'] ?? section['source'] ?? section['inline'];
    return `${place === undefined ? String(what) : `stop ${decodeURIComponent(place)}`}${only}`;
  });
}

describe('the template with layers', () => {
  it('stops behind the boot and behind each layer', () => {
    expect(story(layered())).toEqual([
      'stop machine in qemu',
      'a.yml',
      'stop a in qemu',
      'only there in amazon-ebs',
      'b.yml',
      'stop b in qemu',
      'c in qemu',
    ]);
  });

  it('leaves out what the resumed layer holds, but not for the other builders', () => {
    const run = layered({ cached: 1, memoryPath: '/run/m' });
    expect(story(run).filter((line) => !line.startsWith('now='))).toEqual([
      'stop (awake) in qemu',
      'a.yml in amazon-ebs',
      'only there in amazon-ebs',
      'b.yml',
      'stop b in qemu',
      'c in qemu',
    ]);
  });

  it('leaves it out altogether when no other builder runs it', () => {
    const alone = { ...TEMPLATE, builders: TEMPLATE.builders.slice(0, 1) };
    expect(story(layered({ cached: 3 }), alone)).not.toContain('a.yml');
    expect(story(layered({ cached: 3 })).join()).not.toContain('c in');
  });

  it('gives QEMU the disk of the layer, and what Packer gave it of devices', () => {
    const args = compileLayers(TEMPLATE, layered()).builders[0]?.['qemuargs'];
    expect(args).toEqual([
      ['-cpu', 'x'],
      [
        '-drive',
        'file=/run/layers/x/disk.qcow2,if=virtio,id=drive0,cache=unsafe,discard=unmap,detect-zeroes=off,format=qcow2',
      ],
      ['-device', 'virtio-net,netdev=user.0'],
      ['-device', 'vmgenid,guid=auto'],
      ['-device', 'virtio-balloon-pci,id=balloon0,deflate-on-oom=on'],
    ]);
  });

  it('keeps the devices of the template', () => {
    const builder = { ...TEMPLATE.builders[0], type: 'qemu', qemuargs: [['-device', 'e1000,netdev=n']] };
    const args = compileLayers({ ...TEMPLATE, builders: [builder] }, layered()).builders[0]?.['qemuargs'];
    expect(args).toContainEqual(['-device', 'e1000,netdev=n']);
    expect(args).not.toContainEqual(['-device', 'virtio-net,netdev=user.0']);
  });

  it('attaches a SCSI disk as Packer does', () => {
    const builder = { ...TEMPLATE.builders[0], type: 'qemu', disk_interface: 'virtio-scsi' };
    const args = compileLayers({ ...TEMPLATE, builders: [builder] }, layered()).builders[0]?.['qemuargs'];
    expect(args).toContainEqual(['-device', 'scsi-hd,bus=scsi0.0,drive=drive0']);
    expect(JSON.stringify(args)).toContain('if=none,id=drive0');
  });

  it('resumes with the memory of the layer', () => {
    const run = layered({ cached: 3, memoryPath: '/run/m.zst', packerBasePath: '/run/disk' });
    const [builder] = compileLayers(TEMPLATE, run).builders;
    expect(builder?.['qemuargs']).toContainEqual(['-incoming', "exec:zstd -dc '/run/m.zst'"]);
    expect(builder).toMatchObject({ iso_url: '/run/disk', qemu_img_args: { create: ['-F', 'qcow2'] } });
  });

  it('leaves other builders alone', () => {
    expect(compileLayers(TEMPLATE, layered()).builders[1]).toEqual({ type: 'amazon-ebs' });
  });

  it('waits for no boot when the machine resumes, whatever the template waits for', () => {
    const section = {
      type: 'qemu',
      boot_wait: '10s',
      boot_command: ['<enter>'],
      pause_before_connecting: '1m',
    };
    const template = { ...TEMPLATE, builders: [section] };
    const resumed = { cached: 1, memoryPath: '/run/layers/x/memory.zst' };
    expect(compileLayers(template, layered(resumed)).builders[0]).toMatchObject({
      boot_wait: '2s',
      boot_command: [],
      pause_before_connecting: '0s',
    });
    expect(compileLayers(template, layered()).builders[0]).toMatchObject(section);
  });
});

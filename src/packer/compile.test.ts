import { describe, expect, it } from 'vitest';
import { compileTemplate } from './compile.ts';
import type { PackerTemplate } from './template.ts';

const OPTIONS = {
  templateFolder: '/opt/a "b"',
  accelerator: 'tcg',
  baseFormat: 'raw',
  monitorSocket: '/tmp/nb/m.sock',
  outputFolder: '/images/packer',
  diskName: 'x.qcow2',
} as const;

function compileBuilder(builder: Readonly<Record<string, unknown>>) {
  const template: PackerTemplate = { builders: [{ type: 'qemu', ...builder }] };
  return compileTemplate(template, OPTIONS).builders[0];
}

describe('the compiled template', () => {
  it('boots from the base as a backing file, whose format QEMU is told', () => {
    expect(compileBuilder({ disk_image: true })).toMatchObject({
      use_backing_file: true,
      skip_compaction: true,
      qemu_img_args: { create: ['-F', 'raw'] },
    });
  });

  it('does not do so for an installer ISO', () => {
    expect(compileBuilder({})).not.toHaveProperty('use_backing_file');
  });

  it('keeps what the template says for itself', () => {
    const builder = compileBuilder({
      disk_cache: 'none',
      boot_wait: '30s',
      qemuargs: [
        ['-cpu', 'Nehalem'],
        ['-cdrom', 'x.iso'],
      ],
    });
    expect(builder).toMatchObject({ disk_cache: 'none', boot_wait: '30s' });
    expect(builder?.['qemuargs']).toContainEqual(['-cpu', 'Nehalem']);
    expect(builder?.['qemuargs']).toContainEqual(['-cdrom', 'x.iso']);
    expect(builder?.['qemuargs']).not.toContainEqual(['-cpu', expect.stringContaining('qemu64')]);
  });

  it('waits for the screen only when there is something to type', () => {
    expect(compileBuilder({ boot_command: ['<enter>'] })).not.toHaveProperty('boot_wait');
    expect(compileBuilder({})).toMatchObject({ boot_wait: '-1s', disable_vnc: true });
  });

  it('gives QEMU a second monitor and one accelerator, not two', () => {
    const args = compileBuilder({ machine_type: 'q35' })?.['qemuargs'];
    expect(args).toEqual([
      ['-machine', 'type=q35,hpet=off'],
      ['-accel', 'tcg,thread=multi,tb-size=1024'],
      ['-cpu', 'qemu64,vendor=GenuineIntel,family=6,model=28,stepping=10'],
      ['-smbios', expect.stringContaining('randomize_va_space=0')],
      ['-qmp', 'unix:/tmp/nb/m.sock,server=on,wait=off'],
    ]);
  });

  it('leaves other builders alone, and writes out the template folder everywhere', () => {
    const ebs = { type: 'amazon-ebs', region: 'x' };
    const provisioners = [
      { type: 'ansible', playbook_file: '{{template_dir}}/p.yml', other: ['{{ template_dir }}/q'] },
    ];
    expect(compileTemplate({ builders: [ebs], provisioners }, OPTIONS)).toEqual({
      builders: [ebs],
      provisioners: [{ type: 'ansible', playbook_file: '/opt/a "b"/p.yml', other: ['/opt/a "b"/q'] }],
    });
  });
});

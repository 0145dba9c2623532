import { describe, expect, it } from 'vitest';
import { builderProvisioners } from './provisioners.ts';
import type { PackerTemplate } from './template.ts';
import { templateValues } from './template-values.ts';

function names(template: Omit<PackerTemplate, 'builders'>) {
  const whole: PackerTemplate = { builders: [{ type: 'qemu' }, { type: 'amazon-ebs' }], ...template };
  const values = templateValues(whole, {}, { env: {}, templateFolder: '/t' });
  return builderProvisioners(whole, 'qemu', values).map(({ index, name, isLayer }) => ({
    index,
    name,
    isLayer,
  }));
}

const layer = (index: number, name: string, isLayer = true) => ({ index, name, isLayer });

describe('the provisioners of a builder', () => {
  it('are called by what they run', () => {
    const provisioners = [
      { type: 'ansible', playbook_file: '{{user `playbook`}}' },
      { type: 'shell', scripts: ['/x/setup.sh', 'more.sh'] },
      { type: 'file', source: 'etc/motd', destination: '/etc/motd' },
      { type: 'shell', inline: ['true'] },
      { type: 'shell', inline: ['false'] },
      { type: 'shell', script: 'machine.sh' },
    ];
    expect(names({ variables: { playbook: '{{template_dir}}/site.yml' }, provisioners })).toEqual([
      layer(0, 'site'),
      layer(1, 'setup'),
      layer(2, 'motd'),
      layer(3, 'shell'),
      layer(4, 'shell-2'),
      layer(5, 'machine-2'),
    ]);
  });

  it('are those that only and except leave to it', () => {
    const provisioners = [
      { type: 'shell', inline: [], only: ['amazon-ebs'] },
      { type: 'shell', inline: [], except: ['qemu'] },
      { type: 'file', source: 'a', only: ['qemu'] },
      { type: 'file', source: 'b', except: ['amazon-ebs'] },
    ];
    expect(names({ provisioners })).toEqual([layer(2, 'a'), layer(3, 'b')]);
  });

  it('end no layer when the template says so in a comment that Packer takes', () => {
    const provisioners = [
      { type: 'file', source: 'a' },
      { type: 'file', source: 'b' },
    ];
    expect(names({ provisioners, '_layer:a': 'false' })).toEqual([layer(0, 'a', false), layer(1, 'b')]);
  });

  it.each([
    ['a provisioner that is not there', { '_layer:c': 'false' }, /_layer:c names no provisioner/],
    ['another value', { '_layer:a': 'no' }, /_layer:a is "no"/],
  ])('refuse a setting for %s', (_what, comment, message) => {
    expect(() => names({ provisioners: [{ type: 'file', source: 'a' }], ...comment })).toThrow(message);
  });
});

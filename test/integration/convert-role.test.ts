import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../src/system/files.ts';
import { ProcessError, run } from '../../src/system/process.ts';
import { Scope } from '../../src/system/scope.ts';

const PROJECT = join(import.meta.dirname, '../..');

/** Runs the conversion's playbook with real Ansible, and returns the arguments that the program was called with. */
async function argumentsOf(variables: Readonly<Record<string, unknown>>): Promise<string> {
  await using scope = new Scope();
  const folder = await temporaryFolder(scope);
  const program = join(folder, 'program');
  await writeFile(program, `#!/bin/sh\necho "$@" >"${folder}/called"\n`, { mode: 0o755 });
  await run(
    [
      'ansible-playbook',
      '--inventory',
      'localhost,',
      '--extra-vars',
      JSON.stringify({
        convert_images_source: '/x/disk.qcow2',
        convert_images_program: [program],
        ...variables,
      }),
      join(PROJECT, 'ansible/convert-images.yml'),
    ],
    { env: { ...process.env, ANSIBLE_CONFIG: join(PROJECT, 'ansible/ansible.cfg') } },
  );
  return (await readFile(join(folder, 'called'), 'utf8')).trim();
}

describe('the role convert-images', () => {
  it.each([
    ['the original three by itself', {}, 'vdi,vhd,vmdk'],
    ["the original's switches", { convert_images_qcow2: true, convert_images_vhd: false }, 'qcow2,vdi,vmdk'],
    [
      'names with commas, as the template gives them',
      { convert_images_formats: 'ova,raw-zst' },
      'ova,raw-zst',
    ],
    ['names as a list', { convert_images_formats: ['ova', 'gce'] }, 'ova,gce'],
  ])('asks for %s', async (_what, variables, formats) => {
    expect(await argumentsOf(variables)).toBe(`convert /x/disk.qcow2 --formats ${formats}`);
  });

  it('says so when nothing is asked for', async () => {
    const failure: unknown = await argumentsOf({ convert_images_formats: [] }).catch(
      (thrown: unknown) => thrown,
    );
    expect(failure).toBeInstanceOf(ProcessError);
    expect((failure as ProcessError).tail.join('\n')).toContain('no format is asked for');
  });
});

describe("the template's post-processor", () => {
  it.each([
    ['', 'qcow2,vdi,vhd,vmdk'],
    ['ova,vhdx', 'ova,vhdx'],
  ])('hands FORMATS=%s on', async (given, expected) => {
    await using scope = new Scope();
    const folder = await temporaryFolder(scope);
    const fake = join(folder, 'ansible-playbook');
    await writeFile(fake, `#!/bin/sh\nprintf '%s\\n' "$@" >"${folder}/called"\n`, { mode: 0o755 });
    const template = JSON.parse(await readFile(join(PROJECT, 'packer-config.json'), 'utf8')) as {
      readonly 'post-processors': readonly { readonly inline: readonly string[] }[];
    };
    const [line = ''] = template['post-processors'][0]?.inline ?? [];
    const env = {
      PATH: `${folder}:/usr/bin:/bin`,
      SOURCE: '/x/disk.qcow2',
      PLAYBOOK: '/p.yml',
      FORMATS: given,
    };
    await run(['sh', '-c', line], { env });
    const called = (await readFile(join(folder, 'called'), 'utf8')).trim().split('\n');
    expect(JSON.parse(called[3] ?? '')).toEqual({
      convert_images_source: '/x/disk.qcow2',
      convert_images_formats: expected,
    });
  });
});

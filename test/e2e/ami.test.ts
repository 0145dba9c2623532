import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parsePublicKeyFile } from '../../src/keys/public-key.ts';
import type { Manifest } from '../../src/output/manifest.ts';
import { Scope } from '../../src/system/scope.ts';
import { AwsStandIn } from '../fakes/aws/aws-stand-in.ts';
import { publishImage } from '../fakes/aws/published-image.ts';
import type { Image } from '../fakes/aws/world.ts';
import { nothingLeftWith } from '../support/processes.ts';
import { imageFile } from './rig/image-tree.ts';
import { type LocalInstances, runInstancesHere } from './rig/instances.ts';
import { LayeredProject } from './rig/layered.ts';
import { launch, PROJECT_FOLDER } from './rig/program.ts';

interface Template {
  readonly variables: Readonly<Record<string, string>>;
  readonly builders: readonly Readonly<Record<string, unknown>>[];
}

/** The program and the real Packer against the stand-in for EC2, whose instance is a machine here. */
describe('an AMI', () => {
  let scope: Scope;
  let aws: AwsStandIn;
  let project: LayeredProject;
  let instances: LocalInstances;
  let env: NodeJS.ProcessEnv;

  beforeEach(async () => {
    scope = new Scope();
    aws = await AwsStandIn.start();
    scope.defer(() => aws[Symbol.asyncDispose]());
    publishImage(aws.world);
    project = await LayeredProject.make(scope);
    instances = await runInstancesHere(scope, aws, project.path('key'));
    env = {
      AWS_ACCESS_KEY: aws.world.accessKey,
      AWS_SECRET_KEY: aws.world.secretKey,
      AWS_ENDPOINT_URL: aws.endpoint,
      AWS_POLL_DELAY_SECONDS: '1',
      TEMPLATE: project.path('ami.json'),
    };
  });
  afterEach(async () => {
    await scope[Symbol.asyncDispose]();
  });

  /** The program's own amazon-ebs builder and the tiny machine's, with provisioners that do not need a Python. */
  async function writeTemplate(provisioners: readonly object[]): Promise<void> {
    const read = async (path: string): Promise<Template> =>
      JSON.parse(await readFile(path, 'utf8')) as Template;
    const [own, tiny] = [
      await read(join(PROJECT_FOLDER, 'packer-config.json')),
      await read(project.path('template.json')),
    ];
    const ebs = own.builders.find(({ type }) => type === 'amazon-ebs');
    const template = {
      variables: { ...own.variables, ...tiny.variables },
      builders: [...tiny.builders, { ...ebs, ssh_port: instances.port }],
      provisioners,
    };
    await writeFile(project.path('ami.json'), JSON.stringify(template));
  }

  const SHELL = { type: 'shell', inline: ['sudo mkdir -p /srv', 'echo by packer | sudo tee /srv/shell'] };
  const FAILING = { type: 'shell', inline: ['echo no such luck >&2', 'exit 3'] };
  const ANSIBLE = {
    type: 'ansible',
    playbook_file: '{{template_dir}}/marker.yml',
    user: '{{user `ssh_username`}}',
    use_proxy: false,
  };
  const PLAYBOOK = `- name: Mark
  hosts: all
  gather_facts: false
  tasks:
    - name: Write a marker
      ansible.builtin.raw: echo by ansible | sudo tee /srv/ansible
      changed_when: true
`;

  const region = () => aws.world.region('us-west-2');
  const own = (): Image[] => [...region().images.values()].filter(({ owner }) => owner === undefined);
  const manifest = async (): Promise<Manifest> =>
    JSON.parse(await readFile(join(project.imagePath, 'latest/manifest.json'), 'utf8')) as Manifest;

  /** Nothing that costs money, no process, no file of a machine's. */
  async function nothingIsLeft(): Promise<void> {
    expect(region().machines.leftovers(aws.world.clock.nowMs())).toEqual([]);
    await nothingLeftWith(`IMAGE_PATH=${project.imagePath}`);
    await instances.ended();
  }

  it('is made of an instance that was provisioned, though the images beside it fail, and nothing but it is left', async () => {
    await writeTemplate([SHELL, ANSIBLE, { ...FAILING, only: ['qemu'] }]);
    await writeFile(project.path('marker.yml'), PLAYBOOK);
    const build = await project.build([], env);
    expect(build.exitCode, build.story).toBe(1);
    expect(build.notices).toContain('local images failed (packer-failed)');
    expect(build.stderr).toMatch(/the rest is whole: /);
    await nothingIsLeft();
    const [image] = own();
    expect(own()).toHaveLength(1);
    expect(image).toMatchObject({ imdsSupport: 'v2.0', blockDevices: [{ volumeType: 'gp3' }] });
    expect(image?.name).toMatch(/^tiny-\d{10}$/);
    expect(Object.fromEntries(image?.tags ?? [])).toEqual({
      Name: 'tiny',
      builder: 'netsil-builder',
      base: 'Flatcar-stable-4152.2.0-hvm',
    });
    const snapshotId = image?.blockDevices[0]?.snapshotId;
    const ami = [{ region: 'us-west-2', id: image?.id, snapshotId, name: image?.name }];
    expect(await manifest()).toMatchObject({ artifacts: [], ami });
    const tasks = build.of('task-finished').filter(({ phase }) => phase === 'ami-provision');
    expect(tasks).toEqual([
      expect.objectContaining({ phase: 'ami-provision', task: 'Write a marker', outcome: 'changed' }),
    ]);
    const [disk = ''] = instances.disks;
    expect(await imageFile(disk, '/srv/shell')).toBe('by packer\n');
    expect(await imageFile(disk, '/srv/ansible')).toBe('by ansible\n');
    // The temporary key is in there no more, the user's own is.
    const { blob } = parsePublicKeyFile(await readFile(project.path('key.pub'), 'utf8'), 'key.pub');
    const keys = await imageFile(disk, '/home/core/.ssh/authorized_keys');
    expect(keys.trim().split('\n')).toEqual([expect.stringContaining(blob)]);
  });

  it('that is stopped is none, and nothing is left', async () => {
    await writeTemplate([{ type: 'shell', inline: ['sleep 300'] }]);
    const program = launch(['--progress', 'plain'], { ...project.env, ...env, BUILD_TYPE: 'amazon-ebs' });
    await program.line(/ami-provision: provision the instance/);
    program.kill('SIGINT');
    expect(await program.exitCode).toBe(130);
    expect(own()).toEqual([]);
    await nothingIsLeft();
  });

  it('that fails beside images does not cost them', async () => {
    await writeTemplate([SHELL, { ...FAILING, only: ['amazon-ebs'] }]);
    const build = await project.build([], env);
    expect(build.exitCode).toBe(1);
    expect(build.notices).toContain('AMI failed (packer-failed)');
    expect(build.stderr).toContain('Script exited with non-zero exit status: 3');
    expect(await imageFile(project.image, '/srv/shell')).toBe('by packer\n');
    expect(await manifest()).not.toHaveProperty('ami');
    expect(own()).toEqual([]);
    await nothingIsLeft();
  });
});

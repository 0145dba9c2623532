import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../src/system/files.ts';
import { run } from '../../src/system/process.ts';
import { Scope } from '../../src/system/scope.ts';
import { SHARED_BASE_CACHE, sharedBase } from './rig/shared-base.ts';
import { DockerEngine } from './rig/docker-engine.ts';
import { PROJECT_FOLDER } from './rig/program.ts';

/** The Dockerfile, built and run with the commands of the README. The base image is a stand-in (no registry here). */
describe('the container', () => {
  const scope = new Scope();
  let engine: DockerEngine;
  let folder: string;

  beforeAll(async () => {
    engine = await DockerEngine.start(scope);
    await engine.importNodeImage(scope, 'node:20-bookworm-slim');
    await engine.docker(['build', '-t', 'netsil-builder', PROJECT_FOLDER]);
    folder = await temporaryFolder(scope);
    await mkdir(join(folder, 'images'));
  });
  afterAll(async () => {
    await scope[Symbol.asyncDispose]();
  });

  const runContainer = (args: readonly string[], env: readonly string[] = []) =>
    engine.docker(
      [
        ...['run', '--rm', '--privileged', '-e', 'PROVE=compare'],
        ...['-v', `${folder}/images:/opt/images`, '-v', `${folder}/secrets:/opt/secrets`],
        ...['-v', `${SHARED_BASE_CACHE}:/opt/images/.cache`],
        ...env.flatMap((pair) => ['-e', pair]),
        'netsil-builder',
        ...args,
      ],
      [1],
    );

  it('has every tool, and installs nothing when it runs', async () => {
    const { exitCode, stdout } = await runContainer(['doctor']);
    expect(stdout).not.toMatch(/^problem/m);
    for (const tool of ['packer 1.6.6', 'qemu-img 7', 'ansible-playbook 2', 'mmdebstrap']) {
      expect(stdout).toContain(tool);
    }
    expect(stdout).toContain('/opt/images');
    expect(exitCode).toBe(0);
  });

  it('builds images into the mounted folder, with the key from the other', async () => {
    await sharedBase();
    await mkdir(join(folder, 'secrets'), { recursive: true });
    await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'secrets/key')]);
    await writeFile(join(folder, 'images/marker.yml'), MARKER_PLAYBOOK);
    const { exitCode, tail } = await runContainer(
      [],
      [
        'SSH_PRIVATE_KEY=/opt/secrets/key',
        'SSH_PUBLIC_KEY=/opt/secrets/key.pub',
        'IMAGE_PATH=/opt/images',
        'IMAGE_NAME=in-container',
        'BUILD_TYPE=qemu',
        'PAYLOAD=/opt/images/marker.yml',
      ],
    );
    expect(exitCode, tail.join('\n')).toBe(0);
    const files = await readdir(join(folder, 'images/latest'));
    expect(files).toEqual([
      'SHA256SUMS',
      'build.log',
      'in-container.qcow2',
      'in-container.vdi',
      'in-container.vhd',
      'in-container.vmdk',
      'manifest.json',
      'provenance.intoto.json',
      'report.html',
      'sbom.spdx.json',
    ]);
    expect(await readFile(join(folder, 'images/latest/build.log'), 'utf8')).toContain('a marker of the test');
  });

  it('says what is wrong before anything starts, and ends with 1', async () => {
    const { exitCode, tail } = await runContainer([], ['BUILD_TYPE=amazon-ebs']);
    expect(tail.join('\n')).toContain('BUILD_TYPE is amazon-ebs, but there are no AWS credentials');
    expect(exitCode).toBe(1);
  });
});

const MARKER_PLAYBOOK = `---
- name: Marker
  hosts: all
  gather_facts: false
  tasks:
    - name: Leave a marker of the test
      ansible.builtin.raw: echo a marker of the test
      changed_when: true
`;

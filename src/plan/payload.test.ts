import { describe, expect, it } from 'vitest';
import type { BaseFamily, PayloadChoice } from '../settings/settings.ts';
import { type PayloadRequest, planPayload } from './payload.ts';

const INSTALLER = { location: '/images/dcos_generate_config.sh', sha256: undefined };

const request = (overrides: Partial<PayloadRequest> = {}): PayloadRequest => ({
  choice: { kind: 'auto' },
  installer: undefined,
  pythonArchive: undefined,
  base: { family: 'debian', name: 'debian-12-generic-amd64.qcow2' },
  ansibleFolder: '/opt/ansible',
  ...overrides,
});

describe('the payload', () => {
  it('is a container host when there is no DC/OS installer, and says so', () => {
    expect(planPayload(request())).toMatchObject({
      name: 'container-host',
      playbook: '/opt/ansible/container-host.yml',
      why: 'no DC/OS installer is there',
    });
  });

  it('is DC/OS when there is an installer, on cgroup v1', () => {
    const plan = planPayload(request({ installer: INSTALLER }));
    expect(plan).toMatchObject({ name: 'dcos', playbook: '/opt/ansible/dcos-bootstrap.yml' });
    expect(plan.variables).toEqual({
      dcos_installer: '/images/dcos_generate_config.sh',
      container_host_cgroup_v1: true,
    });
    expect(plan.why).toContain('switched to cgroup v1');
  });

  it('is what was asked for, even with an installer beside it', () => {
    const choice: PayloadChoice = { kind: 'container-host' };
    expect(planPayload(request({ choice, installer: INSTALLER })).name).toBe('container-host');
  });

  it('may be a playbook of the user', () => {
    const choice: PayloadChoice = { kind: 'playbook', path: '/home/u/site.yml' };
    expect(planPayload(request({ choice }))).toMatchObject({ playbook: '/home/u/site.yml' });
  });

  it('cannot be DC/OS without an installer', () => {
    expect(() => planPayload(request({ choice: { kind: 'dcos' } }))).toThrow(/no DC\/OS installer/);
  });

  it('hands the SHA-256 of installer and Python on', () => {
    const sha256 = 'a'.repeat(64);
    const plan = planPayload(
      request({
        installer: { location: 'https://x/y', sha256 },
        pythonArchive: { location: '/p.tar', sha256 },
      }),
    );
    expect(plan.variables).toMatchObject({ dcos_installer_sha256: sha256, python_archive_sha256: sha256 });
  });

  it.each<[BaseFamily, string, string]>([
    ['coreos', 'coreos_production_qemu_image.img', '/opt/bin/python'],
    ['debian', 'debian-12.qcow2', '/usr/bin/python3'],
  ])('uses the Python of %s', (family, name, interpreter) => {
    expect(planPayload(request({ base: { family, name } })).pythonInterpreter).toBe(interpreter);
  });

  it.each<[BaseFamily, string]>([
    ['flatcar', 'flatcar_production_qemu_image.img'],
    ['fedora-coreos', 'fedora-coreos-44.qcow2'],
    ['debian', 'debian-13-generic-amd64.qcow2'],
    ['ubuntu', 'questing-server-cloudimg-amd64.img'],
  ])('refuses DC/OS on %s %s, which has no cgroup v1', (family, name) => {
    expect(() => planPayload(request({ installer: INSTALLER, base: { family, name } }))).toThrow(
      new RegExp(`cgroup v1.*${name}`),
    );
  });
});

import { join } from 'node:path';
import { BuilderError } from '../errors.ts';
import type { BaseFamily, GivenFile, PayloadChoice } from '../settings/settings.ts';

/** What the base image is, as far as a payload cares. */
export interface PayloadBase {
  readonly family: BaseFamily;
  /** File name or address, which may carry the release. */
  readonly name: string;
}

export interface PayloadRequest {
  readonly choice: PayloadChoice;
  /** The DC/OS installer: given, or found beside the images. */
  readonly installer: GivenFile | undefined;
  readonly pythonArchive: GivenFile | undefined;
  readonly base: PayloadBase;
  /** The folder of the playbooks. */
  readonly ansibleFolder: string;
}

/** The playbook that is run and the variables it gets. */
export interface PayloadPlan {
  readonly name: string;
  readonly playbook: string;
  readonly pythonInterpreter: string;
  readonly variables: Readonly<Record<string, string | boolean>>;
  readonly why: string;
}

/**
 * Decides what goes into the image. Without a wish it is DC/OS when there is an installer, since DC/OS's own downloads
 * are gone for good. Fails with `payload-missing` (DC/OS without installer) or `payload-unfit` (a base without the
 * cgroups that DC/OS's agent needs).
 */
export function planPayload(request: PayloadRequest): PayloadPlan {
  const { choice, installer, base, ansibleFolder, pythonArchive } = request;
  const common = {
    // A base of the CoreOS family has no Python: the role `python` puts one there.
    pythonInterpreter: hasPython(base.family) ? '/usr/bin/python3' : '/opt/bin/python',
    variables: pythonVariables(pythonArchive),
  };
  if (choice.kind === 'playbook')
    return { ...common, name: choice.path, playbook: choice.path, why: 'PAYLOAD' };
  const isDcos = choice.kind === 'dcos' || (choice.kind === 'auto' && installer !== undefined);
  if (!isDcos) {
    const why = choice.kind === 'auto' ? 'no DC/OS installer is there' : 'PAYLOAD';
    return { ...common, name: 'container-host', playbook: join(ansibleFolder, 'container-host.yml'), why };
  }
  const found = requireInstaller(installer);
  const cgroups = dcosCgroups(base);
  return {
    ...common,
    name: 'dcos',
    playbook: join(ansibleFolder, 'dcos-bootstrap.yml'),
    variables: { ...common.variables, ...cgroups.variables, ...installerVariables(found) },
    why: `${choice.kind === 'auto' ? `installer ${found.location}` : 'PAYLOAD'}; ${cgroups.why}`,
  };
}

function hasPython(family: BaseFamily): boolean {
  return family === 'debian' || family === 'ubuntu';
}

function pythonVariables(archive: GivenFile | undefined): Record<string, string> {
  if (archive === undefined) return {};
  const { location, sha256 } = archive;
  return { python_archive: location, ...(sha256 === undefined ? {} : { python_archive_sha256: sha256 }) };
}

function installerVariables({ location, sha256 }: GivenFile): Record<string, string> {
  return { dcos_installer: location, ...(sha256 === undefined ? {} : { dcos_installer_sha256: sha256 }) };
}

function requireInstaller(installer: GivenFile | undefined): GivenFile {
  if (installer !== undefined) return installer;
  throw new BuilderError('payload-missing', 'PAYLOAD is dcos, but there is no DC/OS installer', {
    hint: 'put your dcos_generate_config.sh into IMAGE_PATH, or name it by DCOS_INSTALLER: it can no longer be downloaded',
  });
}

/** systemd 256 dropped cgroup v1, which no release of DC/OS's agent can do without (Mesos never released v2). */
function dcosCgroups({ family, name }: PayloadBase): { variables: Record<string, boolean>; why: string } {
  switch (family) {
    case 'coreos':
      return { variables: {}, why: 'the base has cgroup v1' };
    case 'debian':
    case 'ubuntu':
      if (!dropsCgroupV1(family, name)) {
        return {
          variables: { container_host_cgroup_v1: true },
          why: 'the base is switched to cgroup v1 by its kernel command line',
        };
      }
      break;
    case 'flatcar':
    case 'fedora-coreos':
      break;
  }
  throw new BuilderError(
    'payload-unfit',
    `DC/OS needs cgroup v1, and the base ${name} (${family}) has only v2`,
    {
      hint: 'use the embedded Debian 12 base, Debian 11 or 12, Ubuntu up to 24.04, or another PAYLOAD',
    },
  );
}

function dropsCgroupV1(family: BaseFamily, name: string): boolean {
  const debian = Number(/debian-(\d+)/.exec(name)?.[1] ?? 0);
  const isLateUbuntu = /(plucky|questing|resolute|2[5-9]\.\d\d|24\.10)/.test(name);
  return family === 'debian' ? debian >= 13 : isLateUbuntu;
}

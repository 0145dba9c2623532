import { bootTimeoutMs } from '../../plan/boot-timeout.ts';
import type { ImagePlan } from '../../plan/build-plan.ts';
import { mebibytes } from '../../settings/size.ts';

/** What was prepared for this run of Packer: absolute paths that QEMU and Ansible can take. */
export interface PreparedMachine {
  readonly imagePath: string;
  readonly baseImage: string;
  readonly baseVirtualBytes: number;
  readonly sshUser: string;
  readonly privateKey: string;
  /** The config drive, or what stands in for it when the user data goes another way. */
  readonly configDrive: string;
  /** QEMU's -fw_cfg, for Ignition. */
  readonly fwCfg: string | undefined;
  readonly serialLog: string;
}

/** The original's disk size; it leaves room for DC/OS on a base of a few GiB. */
const DEFAULT_DISK_BYTES = 10_000 * 1024 ** 2;

/** The size of the build's disk: the wished one, or the default, but never smaller than the base. */
export function diskSizeBytes(wished: number | undefined, baseVirtualBytes: number): number {
  return Math.max(wished ?? DEFAULT_DISK_BYTES, baseVirtualBytes);
}

/**
 * The variables of packer-config.json for this plan. No secret is among them: AWS keys go to Packer by environment.
 * A template of the user's own gets those that it declares.
 */
export function packerVariables(plan: ImagePlan, machine: PreparedMachine): Readonly<Record<string, string>> {
  const { settings, payload, accelerator } = plan;
  const diskBytes = diskSizeBytes(settings.diskSizeBytes, machine.baseVirtualBytes);
  const sshTimeoutMs = bootTimeoutMs(settings, accelerator.accelerator);
  return {
    image_path: machine.imagePath,
    image_name: settings.imageName,
    ssh_private_key: machine.privateKey,
    ssh_username: machine.sshUser,
    base_image: machine.baseImage,
    // Verified when the base was prepared; Packer would hash it all over again.
    base_checksum: 'none',
    config_drive: machine.configDrive,
    ...(machine.fwCfg === undefined ? {} : { fw_cfg: machine.fwCfg }),
    serial: `file:${machine.serialLog}`,
    accelerator: accelerator.accelerator,
    cpus: String(settings.cpus),
    memory: String(mebibytes(settings.memoryBytes)),
    disk_size: `${mebibytes(diskBytes)}M`,
    ssh_timeout: `${sshTimeoutMs / 1000}s`,
    playbook: payload.playbook,
    python_interpreter: payload.pythonInterpreter,
    formats: plan.formats.join(','),
    payload_vars: JSON.stringify(payload.variables),
    aws_region: settings.aws.region,
  };
}

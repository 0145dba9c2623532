import type { SourceAmi } from '../../aws/source-ami.ts';
import type { SOURCE_VARIABLES } from '../../packer/source-variables.ts';
import type { PayloadPlan } from '../../plan/payload.ts';
import type { Settings } from '../../settings/settings.ts';

/** What was found and prepared for an AMI. */
export interface PreparedAmi {
  /** Undefined when the template names another one. */
  readonly source: SourceAmi | undefined;
  readonly sshUser: string;
  /** The file that the instance gets at its first boot. */
  readonly userDataFile: string;
  readonly payload: PayloadPlan;
}

/** Until cloud-init or Ignition has put the key in, minutes may pass on a small instance. */
const INSTANCE_SSH_TIMEOUT_MS = 10 * 60_000;
const GIBIBYTE = 1024 ** 3;

/**
 * The variables of packer-config.json for the AMI. The source is named by all that the template's filter looks at, so that
 * it is the very image that was found. No secret is among them.
 */
export function amiVariables(
  settings: Settings,
  { source, sshUser, userDataFile, payload }: PreparedAmi,
): Readonly<Record<string, string>> {
  const { region, instanceType, subnet, encryption } = settings.aws;
  const { diskSizeBytes } = settings;
  const sshTimeoutMs = settings.sshTimeoutMs ?? INSTANCE_SSH_TIMEOUT_MS;
  return {
    image_path: settings.imagePath,
    image_name: settings.imageName,
    ssh_username: sshUser,
    ssh_timeout: `${sshTimeoutMs / 1000}s`,
    playbook: payload.playbook,
    python_interpreter: payload.pythonInterpreter,
    payload_vars: JSON.stringify(payload.variables),
    aws_region: region,
    aws_instance_type: instanceType,
    aws_subnet: subnet ?? '',
    ...(source === undefined ? {} : sourceVariables(source)),
    // Without a wish the disk is as large as the source's.
    aws_disk_gib:
      diskSizeBytes === undefined
        ? ''
        : String(Math.max(Math.ceil(diskSizeBytes / GIBIBYTE), source?.diskGib ?? 0)),
    aws_user_data: userDataFile,
    aws_encrypt: encryption.isWanted ? 'true' : '',
    aws_kms_key: encryption.kmsKey ?? '',
  };
}

function sourceVariables(source: SourceAmi): Readonly<Record<(typeof SOURCE_VARIABLES)[number], string>> {
  const { id, owner, name, rootDevice } = source;
  return { aws_source_ami: id, aws_source_owner: owner, aws_source_name: name, aws_root_device: rootDevice };
}

import { join, resolve } from 'node:path';
import { BuilderErrors } from '../errors.ts';
import { type AwsSettings, readAws } from './aws.ts';
import { readSigning, type SigningSettings } from './signing.ts';
import { VariableReader } from './variable-reader.ts';
import type { VariableValues } from './variables.ts';

/** What a build makes: local images, an AMI by Packer's builder, an AMI of the finished images' disk. */
export const BUILD_TYPES = ['qemu', 'amazon-ebs', 'ami'] as const;
export type BuildType = (typeof BUILD_TYPES)[number];
export type AcceleratorChoice = 'auto' | 'kvm' | 'tcg';

/** How far images are proven: compared with their source, or booted too. A build compares them in any case. */
export const PROOF_LEVELS = ['none', 'compare', 'boot'] as const;
export type ProofLevel = (typeof PROOF_LEVELS)[number];

export const BASE_FAMILIES = ['coreos', 'flatcar', 'fedora-coreos', 'debian', 'ubuntu'] as const;
export type BaseFamily = (typeof BASE_FAMILIES)[number];

/** What is put into the image; `auto` is decided by whether there is an installer. */
export type PayloadChoice =
  | { readonly kind: 'auto' }
  | { readonly kind: 'dcos' }
  | { readonly kind: 'container-host' }
  | { readonly kind: 'playbook'; readonly path: string };

/** A file of the user's: where it is (absolute path or URL) and, if known, what it must hash to. */
export interface GivenFile {
  readonly location: string;
  readonly sha256: string | undefined;
}

/** All settings of a build, checked for form. Whether the files exist is the preflight's business. */
export interface Settings {
  readonly imagePath: string;
  readonly imageName: string;
  readonly keys: {
    readonly privateKey: string | undefined;
    readonly publicKey: string | undefined;
    /** Where a key pair is made when none is given. */
    readonly folder: string;
  };
  /** What was asked for; undefined means: qemu and amazon-ebs, or qemu alone without AWS credentials. */
  readonly buildTypes: readonly BuildType[] | undefined;
  readonly base: {
    readonly location: string | undefined;
    readonly checksum: string | undefined;
    readonly family: BaseFamily | undefined;
  };
  readonly payload: PayloadChoice;
  readonly dcosInstaller: GivenFile | undefined;
  /** What the installer must hash to, also one that is found in IMAGE_PATH. */
  readonly dcosInstallerSha256: string | undefined;
  readonly pythonArchive: GivenFile | undefined;
  /** The list as given; undefined means the original's formats. The preflight knows their names. */
  readonly formats: string | undefined;
  readonly prove: ProofLevel;
  /** The user's own checks: a folder of scripts, or a playbook. */
  readonly proveChecks: string | undefined;
  readonly accelerator: AcceleratorChoice;
  readonly diskSizeBytes: number | undefined;
  readonly memoryBytes: number;
  readonly cpus: number;
  /** How long SSH may take to answer; undefined: as the accelerator needs. */
  readonly sshTimeoutMs: number | undefined;
  /** The Packer template; undefined: the program's own. */
  readonly templatePath: string | undefined;
  readonly layersPath: string;
  readonly layersMaxBytes: number;
  /** What signs the checksums of an output; undefined: nothing does. */
  readonly signing: SigningSettings | undefined;
  readonly aws: AwsSettings;
}

/** What the settings depend on besides the variables. */
export interface SettingsContext {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly hostCpus: number;
  readonly fileExists: (path: string) => boolean;
}

const DEFAULT_MEMORY_BYTES = 2048 * 1024 ** 2;
const DEFAULT_LAYERS_MAX_BYTES = 20 * 1024 ** 3;
const SMALLEST_MEMORY_BYTES = 256 * 1024 ** 2;
/** More processors than this do not make provisioning faster, and under TCG they only wait for each other. */
const MOST_CPUS_BY_DEFAULT = 4;

/** Turns variables into settings. Throws `BuilderErrors` with every malformed value at once. */
export function readSettings(values: VariableValues, context: SettingsContext): Settings {
  const reader = new VariableReader(values, context.cwd);
  const imagePath = reader.path('IMAGE_PATH') ?? resolve(context.cwd, 'images');
  const settings: Settings = {
    imagePath,
    imageName:
      reader.matching('IMAGE_NAME', /^[\w][\w.-]{0,99}$/, 'letters, digits, dots, dashes') ?? 'coreos-stable',
    keys: {
      privateKey: reader.path('SSH_PRIVATE_KEY'),
      publicKey: reader.path('SSH_PUBLIC_KEY'),
      folder: join(imagePath, '..', 'secrets'),
    },
    buildTypes: reader.someOf('BUILD_TYPE', BUILD_TYPES),
    base: {
      location: reader.location('BASE_IMAGE'),
      checksum: reader.text('BASE_CHECKSUM'),
      family: reader.oneOf('BASE_FAMILY', BASE_FAMILIES),
    },
    payload: readPayload(reader),
    dcosInstaller: readInstaller(reader),
    dcosInstallerSha256: reader.sha256('DCOS_INSTALLER_SHA256'),
    pythonArchive: readPythonArchive(reader),
    formats: reader.text('FORMATS'),
    prove: reader.oneOf('PROVE', PROOF_LEVELS) ?? 'boot',
    proveChecks: reader.path('PROVE_CHECKS'),
    accelerator: reader.oneOf('ACCELERATOR', ['auto', 'kvm', 'tcg']) ?? 'auto',
    diskSizeBytes: reader.sizeBytes('DISK_SIZE'),
    memoryBytes: reader.sizeBytes('MEMORY', SMALLEST_MEMORY_BYTES) ?? DEFAULT_MEMORY_BYTES,
    cpus: reader.count('CPUS') ?? Math.min(context.hostCpus, MOST_CPUS_BY_DEFAULT),
    sshTimeoutMs: reader.timeMs('SSH_TIMEOUT'),
    templatePath: reader.path('TEMPLATE'),
    layersPath: reader.path('LAYERS_PATH') ?? join(imagePath, '.layers'),
    layersMaxBytes: reader.sizeBytes('LAYERS_MAX') ?? DEFAULT_LAYERS_MAX_BYTES,
    signing: readSigning(reader, context.cwd),
    aws: readAws(reader, context),
  };
  if (reader.problems.length > 0) throw new BuilderErrors(reader.problems);
  return settings;
}

function readPayload(reader: VariableReader): PayloadChoice {
  const value = reader.text('PAYLOAD');
  if (value === undefined) return { kind: 'auto' };
  if (value === 'dcos' || value === 'container-host') return { kind: value };
  if (/\.ya?ml$/i.test(value) || value.includes('/'))
    return { kind: 'playbook', path: reader.path('PAYLOAD') ?? value };
  reader.wrong('PAYLOAD', 'dcos, container-host, or the path of a playbook (*.yml)');
  return { kind: 'auto' };
}

function readInstaller(reader: VariableReader): GivenFile | undefined {
  const location = reader.location('DCOS_INSTALLER');
  if (location === undefined) return undefined;
  const sha256 = reader.text('DCOS_INSTALLER_SHA256')?.toLowerCase();
  if (sha256 === undefined && /^https?:/i.test(location)) {
    reader.problem(
      `DCOS_INSTALLER_SHA256 is missing: what comes from DCOS_INSTALLER=${location} cannot be checked without it`,
      { hint: 'give the SHA-256 by DCOS_INSTALLER_SHA256 or --dcos-installer-sha256' },
    );
  }
  return { location, sha256 };
}

/** The archive is unpacked and run as root in the image: it and its digest come together, or not at all. */
function readPythonArchive(reader: VariableReader): GivenFile | undefined {
  const location = reader.location('PYTHON_ARCHIVE');
  const sha256 = reader.sha256('PYTHON_ARCHIVE_SHA256');
  const [hasArchive, hasSum] = [reader.text('PYTHON_ARCHIVE'), reader.text('PYTHON_ARCHIVE_SHA256')].map(
    (text) => text !== undefined,
  );
  if (hasArchive && !hasSum) return reader.half('PYTHON_ARCHIVE', 'PYTHON_ARCHIVE_SHA256');
  if (hasSum && !hasArchive) return reader.half('PYTHON_ARCHIVE_SHA256', 'PYTHON_ARCHIVE');
  return location === undefined ? undefined : { location, sha256 };
}

import { join, resolve } from 'node:path';
import { BuilderError, BuilderErrors } from '../errors.ts';
import { type AwsSettings, readAws } from './aws.ts';
import { readSigning, type SigningSettings } from './signing.ts';
import { parseSizeBytes } from './size.ts';
import { flagOf, type VariableName, type VariableValues } from './variables.ts';

export type BuildType = 'qemu' | 'amazon-ebs';
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
  /** What was asked for; undefined means: both, or qemu alone without AWS credentials. */
  readonly buildType: BuildType | undefined;
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
  const reader = new Reader(values, context.cwd);
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
    buildType: reader.oneOf('BUILD_TYPE', ['qemu', 'amazon-ebs']),
    base: {
      location: reader.location('BASE_IMAGE'),
      checksum: values.BASE_CHECKSUM,
      family: reader.oneOf('BASE_FAMILY', BASE_FAMILIES),
    },
    payload: reader.payload(),
    dcosInstaller: reader.givenFile('DCOS_INSTALLER', 'DCOS_INSTALLER_SHA256'),
    dcosInstallerSha256: reader.sha256('DCOS_INSTALLER_SHA256'),
    pythonArchive: reader.pythonArchive(),
    formats: values.FORMATS,
    prove: reader.oneOf('PROVE', PROOF_LEVELS) ?? 'boot',
    proveChecks: reader.path('PROVE_CHECKS'),
    accelerator: reader.oneOf('ACCELERATOR', ['auto', 'kvm', 'tcg']) ?? 'auto',
    diskSizeBytes: reader.size('DISK_SIZE'),
    memoryBytes: reader.size('MEMORY', SMALLEST_MEMORY_BYTES) ?? DEFAULT_MEMORY_BYTES,
    cpus: reader.count('CPUS') ?? Math.min(context.hostCpus, MOST_CPUS_BY_DEFAULT),
    sshTimeoutMs: reader.duration('SSH_TIMEOUT'),
    templatePath: reader.path('TEMPLATE'),
    layersPath: reader.path('LAYERS_PATH') ?? join(imagePath, '.layers'),
    layersMaxBytes: reader.size('LAYERS_MAX') ?? DEFAULT_LAYERS_MAX_BYTES,
    signing: readSigning(values, context.cwd, (problem) => reader.problems.push(problem)),
    aws: readAws(values, context.env, context.fileExists, (problem) => reader.problems.push(problem)),
  };
  if (reader.problems.length > 0) throw new BuilderErrors(reader.problems);
  return settings;
}

/** Reads single variables and keeps each problem, so that the user sees all of them in one go. */
class Reader {
  readonly problems: BuilderError[] = [];
  readonly #values: VariableValues;
  readonly #cwd: string;

  constructor(values: VariableValues, cwd: string) {
    this.#values = values;
    this.#cwd = cwd;
  }

  path(name: VariableName): string | undefined {
    const value = this.#values[name];
    if (value === undefined) return undefined;
    // Packer and Ansible both take {{ for the start of a template, and no file of ours survives a line end in a name.
    if (/\{\{|\p{Cc}/u.test(value)) return this.#wrong(name, value, 'a path without {{ and line ends');
    return resolve(this.#cwd, value);
  }

  /** A path, or a URL as it stands. */
  location(name: VariableName): string | undefined {
    const value = this.#values[name];
    if (value === undefined || !/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return this.path(name);
    if (/^https?:\/\//i.test(value) && URL.canParse(value)) return value;
    return this.#wrong(name, value, 'a path, or an address that starts with https:// or http://');
  }

  oneOf<Choice extends string>(name: VariableName, choices: readonly Choice[]): Choice | undefined {
    const value = this.#values[name];
    if (value === undefined) return undefined;
    return (
      choices.find((choice) => choice === value) ?? this.#wrong(name, value, `one of: ${choices.join(', ')}`)
    );
  }

  matching(name: VariableName, pattern: RegExp, expected: string): string | undefined {
    const value = this.#values[name];
    return value === undefined || pattern.test(value) ? value : this.#wrong(name, value, expected);
  }

  size(name: VariableName, atLeastBytes = 1): number | undefined {
    const value = this.#values[name];
    if (value === undefined) return undefined;
    const bytes = parseSizeBytes(value);
    if (bytes === undefined) return this.#wrong(name, value, 'a size such as 2048M or 20G');
    if (bytes < atLeastBytes) return this.#wrong(name, value, `at least ${atLeastBytes / 1024 ** 2}M`);
    return bytes;
  }

  count(name: VariableName): number | undefined {
    const value = this.matching(name, /^[1-9]\d{0,2}$/, 'a whole number from 1 on');
    return value === undefined ? undefined : Number(value);
  }

  duration(name: VariableName): number | undefined {
    const value = this.matching(name, /^[1-9]\d{0,4}[smh]$/, 'a time such as 90s or 10m');
    if (value === undefined) return undefined;
    return (
      Number.parseInt(value, 10) * { s: 1000, m: 60_000, h: 3_600_000 }[value.slice(-1) as 's' | 'm' | 'h']
    );
  }

  givenFile(name: VariableName, sumName: VariableName): GivenFile | undefined {
    const location = this.location(name);
    if (location === undefined) return undefined;
    const sha256 = this.#values[sumName]?.toLowerCase();
    if (sha256 === undefined && /^https?:/i.test(location)) {
      this.#problem(
        `${sumName} is missing: what comes from ${name}=${location} cannot be checked without it`,
        {
          hint: `give the SHA-256 by ${sumName} or ${flagOf(sumName)}`,
        },
      );
    }
    return { location, sha256 };
  }

  sha256(name: VariableName): string | undefined {
    return this.matching(name, /^[0-9a-f]{64}$/i, '64 hexadecimal digits')?.toLowerCase();
  }

  /** The archive is unpacked and run as root in the image: it and its digest come together, or not at all. */
  pythonArchive(): GivenFile | undefined {
    const location = this.location('PYTHON_ARCHIVE');
    const sha256 = this.sha256('PYTHON_ARCHIVE_SHA256');
    const given = this.#values.PYTHON_ARCHIVE !== undefined;
    if (given === (this.#values.PYTHON_ARCHIVE_SHA256 !== undefined)) {
      return location === undefined ? undefined : { location, sha256 };
    }
    const [there, missing] = given
      ? ['PYTHON_ARCHIVE', 'PYTHON_ARCHIVE_SHA256']
      : ['PYTHON_ARCHIVE_SHA256', 'PYTHON_ARCHIVE'];
    this.#problem(`${there} is set, but ${missing} is not`, {
      hint: `set ${missing} or ${flagOf(missing)} too`,
    });
    return undefined;
  }

  payload(): PayloadChoice {
    const value = this.#values.PAYLOAD;
    if (value === undefined) return { kind: 'auto' };
    if (value === 'dcos' || value === 'container-host') return { kind: value };
    if (/\.ya?ml$/i.test(value) || value.includes('/'))
      return { kind: 'playbook', path: this.path('PAYLOAD') ?? value };
    this.#wrong('PAYLOAD', value, 'dcos, container-host, or the path of a playbook (*.yml)');
    return { kind: 'auto' };
  }

  #wrong(name: VariableName, value: string, expected: string): undefined {
    this.#problem(`${name} is ${JSON.stringify(value)}, which is not ${expected}`, {
      hint: `set ${name} or ${flagOf(name)} to ${expected}`,
    });
    return undefined;
  }

  #problem(message: string, options: { hint: string }): void {
    this.problems.push(new BuilderError('settings-invalid', message, options));
  }
}

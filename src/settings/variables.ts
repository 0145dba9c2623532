/** One setting that the user gives as an environment variable or as a flag (the flag wins). */
export interface Variable {
  readonly name: string;
  /** What stands behind the flag in the help: `--image-path DIR`. */
  readonly argument: string;
  readonly meaning: string;
  /** The default in words, for the help. */
  readonly default: string;
  /** Whether the value must never be shown. */
  readonly secret?: true;
}

/** Every variable of the program, in the order of the help. */
export const VARIABLES = [
  {
    name: 'IMAGE_PATH',
    argument: 'DIR',
    meaning: 'where base images are read and images are written',
    default: './images (/opt/images in the container)',
  },
  {
    name: 'IMAGE_NAME',
    argument: 'NAME',
    meaning: 'name of the images, without extension',
    default: 'coreos-stable',
  },
  {
    name: 'SSH_PRIVATE_KEY',
    argument: 'FILE',
    meaning: 'private key for Packer and Ansible, and for your later access',
    default: 'made once under secrets/ beside the images',
  },
  {
    name: 'SSH_PUBLIC_KEY',
    argument: 'FILE',
    meaning: 'public key that is put into the image',
    default: 'derived from the private key',
  },
  {
    name: 'BUILD_TYPE',
    argument: 'TYPES',
    meaning: 'qemu; amazon-ebs: an AMI by Packer; ami: an AMI of the finished disk; several with commas',
    default: 'qemu,amazon-ebs; qemu alone without AWS credentials',
  },
  {
    name: 'BASE_IMAGE',
    argument: 'FILE|URL',
    meaning: 'base cloud image: raw or qcow2, also .bz2 .gz .xz .zst',
    default: 'one found in IMAGE_PATH, else a Debian 12 made here',
  },
  {
    name: 'BASE_CHECKSUM',
    argument: 'SUM',
    meaning: 'md5:…, sha256:… or sha512:… of the base image file',
    default: "Flatcar's .DIGESTS beside it, if there",
  },
  {
    name: 'BASE_FAMILY',
    argument: 'FAMILY',
    meaning: 'coreos, flatcar, fedora-coreos, debian or ubuntu',
    default: "told by the base image's name",
  },
  {
    name: 'PAYLOAD',
    argument: 'WHAT',
    meaning: 'dcos, container-host, or the path of a playbook',
    default: 'dcos when there is an installer, else container-host',
  },
  {
    name: 'DCOS_INSTALLER',
    argument: 'FILE|URL',
    meaning: 'your dcos_generate_config.sh',
    default: 'IMAGE_PATH/dcos_generate_config.sh, if there',
  },
  {
    name: 'DCOS_INSTALLER_SHA256',
    argument: 'HEX',
    meaning: "the installer's SHA-256; required with a URL",
    default: 'not checked',
  },
  {
    name: 'PYTHON_ARCHIVE',
    argument: 'FILE|URL',
    meaning: 'Python for a base without one',
    default: 'a portable PyPy, by its address',
  },
  {
    name: 'PYTHON_ARCHIVE_SHA256',
    argument: 'HEX',
    meaning: "the archive's SHA-256; required with PYTHON_ARCHIVE",
    default: '',
  },
  {
    name: 'FORMATS',
    argument: 'LIST',
    meaning: 'formats of the images, separated by commas; the command formats lists them',
    default: 'qcow2,vdi,vhd,vmdk',
  },
  {
    name: 'PROVE',
    argument: 'LEVEL',
    meaning: 'how finished images are proven: none, compare or boot',
    default: 'boot: each file on hardware like its target',
  },
  {
    name: 'PROVE_CHECKS',
    argument: 'DIR|FILE',
    meaning: 'your own checks of the booted images: a folder of scripts, or a playbook',
    default: '',
  },
  {
    name: 'ACCELERATOR',
    argument: 'KIND',
    meaning: 'kvm, tcg or auto',
    default: 'auto: KVM if it proves to work',
  },
  {
    name: 'DISK_SIZE',
    argument: 'SIZE',
    meaning: 'virtual size of the disk, such as 20G',
    default: '10000M, or the base image if that is larger',
  },
  { name: 'MEMORY', argument: 'SIZE', meaning: 'memory of the build machine', default: '2048M' },
  {
    name: 'CPUS',
    argument: 'N',
    meaning: 'processors of the build machine',
    default: "the host's, 4 at most",
  },
  {
    name: 'SSH_TIMEOUT',
    argument: 'TIME',
    meaning: 'how long to wait for SSH after the start, such as 90s or 10m',
    default: '5m with KVM, 15m by emulation',
  },
  {
    name: 'TEMPLATE',
    argument: 'FILE',
    meaning: 'Packer template with a qemu builder',
    default: "the program's own packer-config.json",
  },
  {
    name: 'LAYERS_PATH',
    argument: 'DIR',
    meaning: 'where checkpoints of the build machine are kept; only its owner may read them',
    default: 'IMAGE_PATH/.layers',
  },
  {
    name: 'LAYERS_MAX',
    argument: 'SIZE',
    meaning: 'how much they may take; those used longest ago go first',
    default: '20G',
  },
  {
    name: 'SIGNING_KEY',
    argument: 'KEY',
    meaning: 'what signs SHA256SUMS: gpg:KEYID by fingerprint, key id or address, or minisign:FILE',
    default: 'not signed',
  },
  {
    name: 'SIGNING_PASSWORD_FILE',
    argument: 'FILE',
    meaning: "file whose first line is that key's password",
    default: 'none; with gpg, what its agent knows',
  },
  {
    name: 'AWS_ACCESS_KEY',
    argument: 'ID',
    meaning: 'AWS access key id',
    default: "the AWS tools' own variables and profiles",
  },
  {
    name: 'AWS_SECRET_KEY',
    argument: 'KEY',
    meaning: 'AWS secret key; safer as a variable, since flags can be seen by other users',
    default: '',
    secret: true,
  },
  { name: 'AWS_REGION', argument: 'NAME', meaning: 'AWS region', default: 'us-west-2' },
  {
    name: 'AWS_SOURCE_AMI',
    argument: 'AMI',
    meaning: 'what the AMI is built from: flatcar, fedora-coreos or debian, the newest of each, or an id',
    default: 'flatcar',
  },
  {
    name: 'AWS_SSH_USERNAME',
    argument: 'NAME',
    meaning: 'the user that the source AMI lets in by key',
    default: 'core; admin for debian, ubuntu for ubuntu',
  },
  {
    name: 'AWS_INSTANCE_TYPE',
    argument: 'TYPE',
    meaning: 'type of the instance that builds the AMI',
    default: 't3.large',
  },
  {
    name: 'AWS_SUBNET',
    argument: 'ID',
    meaning: 'subnet of that instance; it must give public addresses',
    default: "one of the region's default VPC",
  },
  {
    name: 'AWS_ENCRYPT',
    argument: 'KEY',
    meaning: "encrypt the AMI: true for the account's default key, or a KMS key's id, ARN or alias",
    default: 'false',
  },
] as const satisfies readonly Variable[];

export type VariableName = (typeof VARIABLES)[number]['name'];

/** Values as given, by variable. */
export type VariableValues = Readonly<Partial<Record<VariableName, string>>>;

/** `IMAGE_PATH` -> `--image-path`. */
export function flagOf(name: string): string {
  return `--${name.toLowerCase().replaceAll('_', '-')}`;
}

/** The values in force: a flag wins over the environment; an empty value counts as not given, as in a shell. */
export function collectVariables(flags: VariableValues, env: NodeJS.ProcessEnv): VariableValues {
  const values: Partial<Record<VariableName, string>> = {};
  for (const { name } of VARIABLES) {
    const value = flags[name] ?? env[name];
    if (value !== undefined && value !== '') values[name] = value;
  }
  return values;
}

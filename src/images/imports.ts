import { displayArgv } from '../system/process.ts';

/** A finished file: its name, and the name that the machine or image made of it gets. */
export interface ImageFile {
  readonly file: string;
  readonly name: string;
}

/** What a person does next: a command to type, or something that no command does. */
export type ImportStep =
  | { readonly kind: 'type'; readonly command: string }
  | { readonly kind: 'do'; readonly text: string };

/** How a file gets into a platform. */
export interface ImportGuide {
  readonly platform: string;
  readonly steps: readonly ImportStep[];
}

interface GuideOfFormats {
  readonly platform: string;
  readonly formats: readonly string[];
  readonly steps: (image: ImageFile) => readonly ImportStep[];
}

const QCOW2 = ['qcow2', 'qcow2-zstd'];

/** How each format gets into its platforms, by their own tools; the table of docs/formats.md is checked against this. */
const GUIDES: readonly GuideOfFormats[] = [
  {
    platform: 'QEMU, libvirt',
    formats: QCOW2,
    steps: ({ file, name }) => [
      type(
        'virt-install',
        '--import',
        ...['--name', name],
        ...['--memory', '2048'],
        ...['--disk', file],
        ...['--osinfo', 'detect=on,require=off'],
      ),
    ],
  },
  {
    platform: 'OpenStack',
    formats: QCOW2,
    steps: ({ file, name }) => [
      type('openstack', 'image', 'create', ...['--disk-format', 'qcow2'], ...['--file', file], name),
    ],
  },
  {
    platform: 'Proxmox',
    formats: QCOW2,
    steps: ({ file }) => [type('qm', 'importdisk', 'VMID', file, 'STORAGE')],
  },
  {
    platform: 'a disk, as it is',
    formats: ['raw'],
    steps: ({ file }) => [type('dd', `if=${file}`, 'of=/dev/DEVICE', 'bs=4M', 'conv=fsync')],
  },
  {
    platform: 'a disk, unpacked',
    formats: ['raw-zst'],
    steps: ({ file }) => [type('zstd', '-d', '--sparse', file)],
  },
  { platform: 'VirtualBox', formats: ['vdi'], steps: virtualBoxSteps },
  {
    platform: 'VirtualBox, by OVA',
    formats: ['ova'],
    steps: ({ file }) => [type('VBoxManage', 'import', file)],
  },
  {
    platform: 'VMware Workstation, Fusion',
    formats: ['vmdk'],
    steps: ({ file }) => [act(`make a machine that uses ${file} as its existing disk`)],
  },
  {
    platform: 'vSphere, ESXi',
    formats: ['ova'],
    steps: ({ file, name }) => [
      type('govc', 'import.ova', `-name=${name}`, file),
      act('or choose "Deploy OVF Template" in the vSphere client'),
    ],
  },
  {
    platform: 'Hyper-V, generation 1',
    formats: ['vhd'],
    steps: ({ file, name }) => [newVm(name, 1, file)],
  },
  {
    platform: 'Hyper-V, generation 2',
    formats: ['vhdx'],
    steps: ({ file, name }) => [
      newVm(name, 2, file),
      typed(`Set-VMFirmware -VMName ${powerShellWord(name)} -EnableSecureBoot Off`),
    ],
  },
  { platform: 'Azure', formats: ['vhd-azure'], steps: azureSteps },
  { platform: 'Amazon EC2', formats: ['vmdk-stream'], steps: ec2Steps },
  {
    platform: 'Google Compute Engine',
    formats: ['gce'],
    steps: ({ file, name }) => [
      type('gcloud', 'storage', 'cp', file, 'gs://BUCKET/'),
      type('gcloud', 'compute', 'images', 'create', name, ...['--source-uri', `gs://BUCKET/${file}`]),
    ],
  },
  {
    platform: 'Vagrant',
    formats: ['vagrant-libvirt', 'vagrant-virtualbox'],
    steps: ({ file, name }) => [
      type('vagrant', 'box', 'add', ...['--name', name], file),
      act('name your key as config.ssh.private_key_path in the Vagrantfile'),
    ],
  },
];

/** How a file of a format gets into each of its platforms; none for a format that is not known. */
export function importGuides(format: string, image: ImageFile): readonly ImportGuide[] {
  return GUIDES.filter(({ formats }) => formats.includes(format)).map(({ platform, steps }) => ({
    platform,
    steps: steps(image),
  }));
}

function virtualBoxSteps({ file, name }: ImageFile): readonly ImportStep[] {
  const controller = ['--storagectl', 'SATA', '--port', '0', '--type', 'hdd'];
  return [
    type('VBoxManage', 'createvm', ...['--name', name], ...['--ostype', 'Linux_64'], '--register'),
    type('VBoxManage', 'modifyvm', name, ...['--memory', '2048']),
    type('VBoxManage', 'storagectl', name, ...['--name', 'SATA', '--add', 'sata']),
    type('VBoxManage', 'storageattach', name, ...controller, ...['--medium', file]),
    act('a second copy of the file first needs its own UUID'),
    type('VBoxManage', 'internalcommands', 'sethduuid', file),
  ];
}

function azureSteps({ file, name }: ImageFile): readonly ImportStep[] {
  const blob = `https://ACCOUNT.blob.core.windows.net/CONTAINER/${file}`;
  const account = ['--account-name', 'ACCOUNT', '--container-name', 'CONTAINER'];
  const group = ['--resource-group', 'GROUP'];
  return [
    type(
      'az',
      'storage',
      'blob',
      'upload',
      ...account,
      ...['--type', 'page', '--file', file, '--name', file],
    ),
    type('az', 'image', 'create', ...group, ...['--name', name, '--os-type', 'Linux', '--source', blob]),
  ];
}

function ec2Steps({ file, name }: ImageFile): readonly ImportStep[] {
  const container = `Format=VMDK,UserBucket={S3Bucket=BUCKET,S3Key=${file}}`;
  const kind = ['--architecture', 'x86_64', '--virtualization-type', 'hvm', '--ena-support'];
  const device = '/dev/xvda';
  const mapping = `DeviceName=${device},Ebs={SnapshotId=SNAPSHOT}`;
  return [
    type('aws', 's3', 'cp', file, 's3://BUCKET/'),
    type('aws', 'ec2', 'import-snapshot', ...['--disk-container', container]),
    type(
      ...['aws', 'ec2', 'register-image', '--name', name, ...kind],
      ...['--root-device-name', device, '--block-device-mappings', mapping],
    ),
  ];
}

function newVm(name: string, generation: 1 | 2, file: string): ImportStep {
  const vm = powerShellWord(name);
  const disk = powerShellWord(`C:\\images\\${file}`);
  return typed(`New-VM -Name ${vm} -Generation ${generation} -MemoryStartupBytes 2GB -VHDPath ${disk}`);
}

/** PowerShell doubles a quote inside of quotes; its other quotes (U+2018 to U+201B) count as well. */
function powerShellWord(word: string): string {
  return /^[\w.:\\-]+$/.test(word) ? word : `'${word.replaceAll(/['\u2018-\u201b]/g, '$&$&')}'`;
}

function type(...argv: readonly string[]): ImportStep {
  return typed(displayArgv(argv));
}

function typed(command: string): ImportStep {
  return { kind: 'type', command };
}

function act(text: string): ImportStep {
  return { kind: 'do', text };
}

import { type CloudConfigFamily, cloudConfig } from './cloud-config.ts';
import { FW_CFG_NAMES, type IgnitionFamily, ignitionConfig } from './ignition.ts';
import { hostnameFrom, metadataFor, noCloudMetadata, openstackMetadata } from './metadata.ts';

/** `embedded` is the Debian base that the program makes itself. */
export const USER_DATA_FAMILIES = [
  'embedded',
  'coreos',
  'flatcar',
  'fedora-coreos',
  'debian',
  'ubuntu',
] as const satisfies readonly (CloudConfigFamily | IgnitionFamily)[];
export type UserDataFamily = (typeof USER_DATA_FAMILIES)[number];

export const DRIVE_KINDS = ['config-drive', 'nocloud'] as const;
export type DriveKind = (typeof DRIVE_KINDS)[number];

/** A cloud-config, and the drive that carries it: an ISO 9660 file system with this label and these files. */
export interface CloudConfigData {
  readonly kind: 'cloud-config';
  readonly text: string;
  readonly driveKind: DriveKind;
  readonly driveLabel: string;
  /** By path on the drive, without a slash at the start. */
  readonly driveFiles: readonly { readonly path: string; readonly content: string }[];
}

/** An Ignition config, and the name by which QEMU hands it over: `-fw_cfg name=…,file=…`. */
export interface IgnitionData {
  readonly kind: 'ignition';
  readonly text: string;
  readonly fwCfgName: string;
}

/** What is injected into the machine at its first boot, and how. */
export type UserData = CloudConfigData | IgnitionData;

export interface UserDataRequest {
  readonly family: UserDataFamily;
  /** One line of `authorized_keys`. */
  readonly publicKey: string;
  /** Any name; what a host name may not hold is replaced. Ignition gets none: it would stay in the image. */
  readonly hostname: string;
  /** How cloud-init families get their data; `config-drive` (OpenStack's) when left out. */
  readonly driveKind?: DriveKind;
}

/** Decides what a base of this family needs to be told. Pure: the same request gives the same bytes. */
export function planUserData(request: UserDataRequest): UserData {
  const { family, publicKey } = request;
  if (family === 'flatcar' || family === 'fedora-coreos') {
    return { kind: 'ignition', text: ignitionConfig(family, publicKey), fwCfgName: FW_CFG_NAMES[family] };
  }
  return driveData(cloudConfig(family, publicKey), request);
}

/** Whether a family can read this kind of drive: CoreOS knows config drives alone, Ignition needs no drive at all. */
export function takesDrive(family: UserDataFamily, driveKind: DriveKind): boolean {
  if (family === 'flatcar' || family === 'fedora-coreos') return false;
  return family !== 'coreos' || driveKind === 'config-drive';
}

function driveData(text: string, { hostname, driveKind = 'config-drive' }: UserDataRequest): CloudConfigData {
  const metadata = metadataFor(text, hostnameFrom(hostname));
  if (driveKind === 'nocloud') {
    const driveFiles = [
      { path: 'meta-data', content: noCloudMetadata(metadata) },
      { path: 'user-data', content: text },
    ];
    return { kind: 'cloud-config', text, driveKind, driveLabel: 'cidata', driveFiles };
  }
  const driveFiles = [
    { path: 'openstack/latest/meta_data.json', content: openstackMetadata(metadata) },
    { path: 'openstack/latest/user_data', content: text },
  ];
  return { kind: 'cloud-config', text, driveKind, driveLabel: 'config-2', driveFiles };
}

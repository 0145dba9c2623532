import { createHash } from 'node:crypto';
import { yamlText } from './yaml-text.ts';

/** What a machine is told about itself, besides its user data. */
export interface Metadata {
  /** cloud-init does its first-boot work again when this changes. */
  readonly instanceId: string;
  readonly hostname: string;
}

/** Metadata that follows from the user data: the same input is the same instance. */
export function metadataFor(userData: string, hostname: string): Metadata {
  return { instanceId: contentUuid(`${hostname}\n${userData}`), hostname };
}

/** `meta_data.json` of an OpenStack config drive. */
export function openstackMetadata({ instanceId, hostname }: Metadata): string {
  return `${JSON.stringify({ uuid: instanceId, name: hostname, hostname }, undefined, 2)}\n`;
}

/** `meta-data` of a NoCloud drive. */
export function noCloudMetadata({ instanceId, hostname }: Metadata): string {
  return yamlText({ 'instance-id': instanceId, 'local-hostname': hostname });
}

/** A host name (RFC 1123: letters, digits, dashes, 63 at most) made of any name, such as an image's. */
export function hostnameFrom(name: string): string {
  const label = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 63);
  return label.replace(/-+$/, '') || 'netsil-builder';
}

/** A UUID of version 8 (RFC 9562: contents are the maker's business) out of a text's SHA-256. */
function contentUuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
}

import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { ServiceError } from '../service-error.ts';
import type { Action } from './action.ts';
import { type FilterValues, filtersOf } from './filters.ts';
import type { KeyPair } from './machines.ts';
import { tagSet, tagsFor } from './tags.ts';

export const createKeyPair: Action = ({ params, region, world }) => {
  const name = params.require('KeyName');
  if (params.text('KeyType') === 'ed25519')
    throw new ServiceError('InvalidParameterValue', 'the stand-in makes rsa alone');
  if (!/^[\x20-\x7e]{1,255}$/.test(name)) {
    throw new ServiceError('InvalidParameterValue', `Value (${name}) for parameter KeyName is invalid.`);
  }
  if (region.machines.keyPairs.has(name)) {
    throw new ServiceError('InvalidKeyPair.Duplicate', `The keypair '${name}' already exists.`);
  }
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const digest = createHash('sha1')
    .update(privateKey.export({ type: 'pkcs8', format: 'der' }))
    .digest('hex');
  const pair: KeyPair = {
    name,
    id: world.newId('key'),
    fingerprint: digest.replaceAll(/..(?=.)/g, '$&:'),
    publicKey: `ssh-rsa ${sshBlob(publicKey)} ${name}`,
    tags: tagsFor(params, ['key-pair']).get('key-pair') ?? new Map<string, string>(),
  };
  region.machines.keyPairs.set(name, pair);
  const keyMaterial = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  return { keyName: name, keyPairId: pair.id, keyFingerprint: pair.fingerprint, keyMaterial };
};

/** Deleting one that is not there is fine, as it is for the service. */
export const deleteKeyPair: Action = ({ params, region }) => {
  region.machines.keyPairs.delete(params.require('KeyName'));
  return { return: true };
};

export const describeKeyPairs: Action = ({ params, region }) => {
  const names = params.list('KeyName');
  const unknown = names.find((name) => !region.machines.keyPairs.has(name));
  if (unknown !== undefined) {
    throw new ServiceError('InvalidKeyPair.NotFound', `The key pair '${unknown}' does not exist`);
  }
  const passes = filtersOf(params, FILTERS);
  const found = [...region.machines.keyPairs.values()]
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .filter(passes);
  return {
    keySet: found.map((pair) => ({
      keyPairId: pair.id,
      keyName: pair.name,
      keyFingerprint: pair.fingerprint,
      tagSet: tagSet(pair.tags),
    })),
  };
};

const FILTERS: FilterValues<KeyPair> = { 'key-name': ({ name }) => [name] };

/** A public key as SSH writes it (RFC 4253, 6.6): name, exponent, modulus, each with its length in front. */
function sshBlob(key: KeyObject): string {
  const { e = '', n = '' } = key.export({ format: 'jwk' });
  const number = (text: string): Buffer => Buffer.concat([Buffer.of(0), Buffer.from(text, 'base64url')]);
  // A leading zero keeps a number positive; it is left out where the first bit does not need it.
  const trimmed = (bytes: Buffer): Buffer => (((bytes[1] ?? 0) & 0x80) === 0 ? bytes.subarray(1) : bytes);
  const parts = [Buffer.from('ssh-rsa'), trimmed(number(e)), trimmed(number(n))];
  return Buffer.concat(parts.flatMap((part) => [lengthOf(part), part])).toString('base64');
}

function lengthOf(part: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(part.length);
  return length;
}

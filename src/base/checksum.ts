import { BuilderError } from '../errors.ts';
import { type HashName, hashFile } from '../system/files.ts';

/** What a file must hash to. */
export interface Checksum {
  readonly algorithm: HashName;
  /** Lower case. */
  readonly hex: string;
}

const HEX_DIGITS: Readonly<Record<HashName, number>> = { md5: 32, sha256: 64, sha512: 128 };

/** Reads `sha256:…`. Fails with `checksum-malformed`, which says what is wrong with it. */
export function parseChecksum(text: string): Checksum {
  const [name = '', hex, ...rest] = text.trim().split(':');
  const algorithm = name.toLowerCase();
  if (hex === undefined || rest.length > 0) throw malformed(text, 'it is not of the form algorithm:digits');
  if (!isHashName(algorithm)) throw malformed(text, `the algorithm ${JSON.stringify(name)} is not known`);
  const digits = HEX_DIGITS[algorithm];
  if (!/^[0-9a-f]*$/i.test(hex)) throw malformed(text, 'it has characters that are not hexadecimal digits');
  if (hex.length !== digits)
    throw malformed(text, `${algorithm} has ${digits} digits, and here are ${hex.length}`);
  return { algorithm, hex: hex.toLowerCase() };
}

/** The checksum as users write it. */
export function formatChecksum({ algorithm, hex }: Checksum): string {
  return `${algorithm}:${hex}`;
}

/**
 * Finds the strongest checksum for a file in a Flatcar `.DIGESTS` file: sections that a comment such as
 * `# SHA512 HASH` opens, each with lines of `hex  name`. Undefined when the file is not among them.
 */
export function checksumFromDigests(digests: string, fileName: string): Checksum | undefined {
  const found = new Map<HashName, string>();
  let section: string | undefined;
  for (const line of digests.split('\n')) {
    const heading = /^#\s*(\w+)\s+HASH/i.exec(line);
    if (heading !== null) section = heading[1]?.toLowerCase();
    const entry = /^([0-9a-f]+)\s+\*?(\S+)\s*$/i.exec(line);
    if (entry?.[1] === undefined || entry[2] !== fileName || section === undefined) continue;
    if (isHashName(section) && entry[1].length === HEX_DIGITS[section])
      found.set(section, entry[1].toLowerCase());
  }
  for (const algorithm of ['sha512', 'sha256', 'md5'] as const) {
    const hex = found.get(algorithm);
    if (hex !== undefined) return { algorithm, hex };
  }
  return undefined;
}

export interface VerifyOptions {
  readonly signal?: AbortSignal;
  readonly onBytes?: (doneBytes: number) => void;
}

/** Fails with `checksum-mismatch`, naming both values, when the file is not the one that the checksum is of. */
export async function verifyChecksum(
  path: string,
  expected: Checksum,
  shownName: string,
  options: VerifyOptions = {},
): Promise<void> {
  const actual = await hashFile(path, expected.algorithm, options);
  if (actual === expected.hex) return;
  const message = `${shownName} has ${expected.algorithm} ${actual}, but ${expected.hex} is expected`;
  throw new BuilderError('checksum-mismatch', message, {
    hint: 'the file is damaged or another release: fetch it again, or correct the checksum (BASE_CHECKSUM)',
  });
}

function isHashName(name: string): name is HashName {
  return Object.hasOwn(HEX_DIGITS, name);
}

function malformed(text: string, why: string): BuilderError {
  return new BuilderError('checksum-malformed', `the checksum ${JSON.stringify(text)} is malformed: ${why}`, {
    hint: 'write md5:, sha256: or sha512:, followed by the hexadecimal digits',
  });
}

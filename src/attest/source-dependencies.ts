import { createHash } from 'node:crypto';
import type { DigestedFile } from '../layers/file-inputs.ts';
import type { ResourceDescriptor } from './statement.ts';

const OF_A_ROLE = /^(role [^:]+): (.+)$/;
/** A short secret could be found by trying, when its digest is known. */
const OF_A_SECRET = /^password file /;

/** The role that a file is part of (`role docker`), or the file's own name. */
export function sourceName({ name }: Pick<DigestedFile, 'name'>): string {
  return OF_A_ROLE.exec(name)?.[1] ?? name;
}

/** Each path once, in the order of their names; without files that hold passwords, and without folders. */
export function distinctSources(files: readonly DigestedFile[]): readonly DigestedFile[] {
  const secret = new Set(files.filter(({ name }) => OF_A_SECRET.test(name)).map(({ path }) => path));
  const first = new Map([...files].reverse().map((file) => [file.path, file]));
  return [...first.values()]
    .filter(({ path, sha256 }) => sha256 !== undefined && !secret.has(path))
    .sort((one, other) => byText(one.name, other.name) || byText(one.path, other.path));
}

/**
 * Roles, each as one folder, and all other files. The digest of a role is in-toto's `dirHash`, over the files of it that
 * can have an effect; `annotations.files` names them, relative to the role's folder.
 */
export function sourceDependencies(sources: readonly DigestedFile[]): readonly ResourceDescriptor[] {
  const roles = new Map<string, [file: string, sha256: string][]>();
  const others: ResourceDescriptor[] = [];
  for (const { name, sha256 = '' } of sources) {
    const [, role, file] = OF_A_ROLE.exec(name) ?? [];
    if (role === undefined || file === undefined) others.push({ name, digest: { sha256 } });
    else roles.set(role, [...(roles.get(role) ?? []), [file, sha256]]);
  }
  const folders = [...roles].map(([name, files]) => ({
    name,
    digest: { dirHash: dirHash(files) },
    annotations: { files: files.map(([file]) => file).sort(byText) },
  }));
  return [...others, ...folders];
}

/** As `sha256sum` of all files, in the order of the C locale, and the SHA-256 of what that prints. */
function dirHash(files: readonly (readonly [file: string, sha256: string])[]): string {
  const lines = files
    .map(([file, sha256]) => [Buffer.from(file), `${sha256}  ${file}\n`] as const)
    .sort(([one], [other]) => Buffer.compare(one, other));
  return createHash('sha256')
    .update(lines.map(([, line]) => line).join(''))
    .digest('hex');
}

function byText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

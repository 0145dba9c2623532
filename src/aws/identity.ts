import { createHash } from 'node:crypto';
import type { BootMode } from './boot-modes.ts';

/** Everything that makes one published image different from another. */
export interface PublishedContent {
  /** Of the block list: what is on the disk. */
  readonly diskDigest: string;
  readonly name: string;
  readonly bootMode: BootMode;
  /** The key's ARN, or `default`, or `none`. */
  readonly encryption: string;
}

/** The key of a publish, 64 hexadecimal digits: the same for the same disk, name and settings, so that it is found again. */
export function publishKey(content: PublishedContent): string {
  const { diskDigest, name, bootMode, encryption } = content;
  return hashOf(['publish-1', diskDigest, name, bootMode, encryption]);
}

/**
 * The client token of a StartSnapshot: the same for the same publish, so that a run that was killed before it heard the
 * answer gets the same snapshot. It is another one for each other request. `gone` are snapshots that earlier tokens led to and that are no more: each makes another token.
 */
export function startToken(
  { key, writesZeros, parentId }: { key: string; writesZeros: boolean; parentId: string | undefined },
  gone: readonly string[],
): string {
  return hashOf(['start-1', key, String(writesZeros), parentId ?? '', ...gone]);
}

function hashOf(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

import { createHash } from 'node:crypto';
import { BLOCK_BYTES } from '../block-store.ts';
import type { Answer, Call } from '../service.ts';
import type { Snapshot } from '../world.ts';
import { invalid, json, snapshotOf } from './validation.ts';

const FEWEST_RESULTS = 100;
const MOST_RESULTS = 10_000;
const TOKEN_DAYS = 7;
const DAY_MS = 86_400_000;

interface Row {
  readonly BlockIndex: number;
}

export function listSnapshotBlocks(call: Call, [id = '']: readonly string[]): Answer {
  const snapshot = readable(call, id);
  const rows = call.world.blocksOf(snapshot).map(([index, digest]) => ({
    BlockIndex: index,
    BlockToken: tokenOf(snapshot, index, digest),
  }));
  return page(call, snapshot, 'Blocks', rows);
}

export function listChangedBlocks(call: Call, [secondId = '']: readonly string[]): Answer {
  const second = readable(call, secondId);
  const firstId = call.url.searchParams.get('firstSnapshotId');
  const first = firstId === null ? undefined : readable(call, firstId);
  if (first !== undefined && !lineOf(second).includes(first) && !lineOf(first).includes(second)) {
    throw invalid('UNRELATED_SNAPSHOTS', `${first.id} and ${second.id} are not of one line`);
  }
  const before = new Map(first === undefined ? [] : call.world.blocksOf(first));
  const after = new Map(call.world.blocksOf(second));
  const indexes = [...new Set([...before.keys(), ...after.keys()])].sort((a, b) => a - b);
  const rows = indexes
    .filter((index) => before.get(index) !== after.get(index))
    .map((index) => ({
      BlockIndex: index,
      ...named('FirstBlockToken', first, index, before.get(index)),
      ...named('SecondBlockToken', second, index, after.get(index)),
    }));
  return page(call, second, 'ChangedBlocks', rows);
}

export function getSnapshotBlock(call: Call, [id = '', indexText = '']: readonly string[]): Answer {
  const snapshot = readable(call, id);
  const index = Number(indexText);
  const digest = call.world.digestOf(snapshot, index);
  if (digest === undefined) throw invalid('INVALID_BLOCK', `block ${index} was not written`);
  if (call.url.searchParams.get('blockToken') !== tokenOf(snapshot, index, digest)) {
    throw invalid('INVALID_BLOCK_TOKEN', 'the token is not of this block');
  }
  return {
    status: 200,
    headers: {
      'Content-Type': 'application/octet-stream',
      'x-amz-Data-Length': String(BLOCK_BYTES),
      'x-amz-Checksum': digest,
      'x-amz-Checksum-Algorithm': 'SHA256',
    },
    body: call.world.store.get(digest),
  };
}

/** A pending snapshot cannot be read, not even listed. */
function readable(call: Call, id: string): Snapshot {
  const snapshot = snapshotOf(call, id);
  if (call.world.stateOf(snapshot) === 'completed') return snapshot;
  throw invalid('INVALID_SNAPSHOT_ID', `The snapshot '${id}' is not in the state completed`);
}

function page(call: Call, snapshot: Snapshot, name: string, rows: readonly Row[]): Answer {
  const query = call.url.searchParams;
  const asked = Number(query.get('maxResults') ?? MOST_RESULTS);
  if (!Number.isInteger(asked) || asked > MOST_RESULTS) {
    throw invalid('INVALID_PARAMETER_VALUE', `maxResults is at most ${MOST_RESULTS}`);
  }
  const token = query.get('pageToken');
  if (token !== null && !token.startsWith(`${snapshot.id}/`)) {
    throw invalid('INVALID_PAGE_TOKEN', 'the page token is not of this list');
  }
  const start = token === null ? Number(query.get('startingBlockIndex') ?? 0) : Number(token.split('/')[1]);
  const limit = Math.min(Math.max(asked, FEWEST_RESULTS), Math.max(FEWEST_RESULTS, call.world.pageLimit));
  const found = rows.filter(({ BlockIndex }) => BlockIndex >= start);
  const next = found[limit];
  return json(200, {
    [name]: found.slice(0, limit),
    VolumeSize: snapshot.volumeSizeGib,
    BlockSize: BLOCK_BYTES,
    ExpiryTime: (call.world.clock.nowMs() + TOKEN_DAYS * DAY_MS) / 1000,
    ...(next === undefined ? {} : { NextToken: `${snapshot.id}/${next.BlockIndex}` }),
  });
}

function named(
  name: string,
  snapshot: Snapshot | undefined,
  index: number,
  digest: string | undefined,
): Record<string, string> {
  return snapshot === undefined || digest === undefined ? {} : { [name]: tokenOf(snapshot, index, digest) };
}

function lineOf(snapshot: Snapshot): readonly Snapshot[] {
  return [snapshot, ...(snapshot.parent === undefined ? [] : lineOf(snapshot.parent))];
}

/** Tokens say nothing of the data: a client must not be able to compare by them. */
function tokenOf({ id }: Snapshot, index: number, digest: string): string {
  return createHash('sha256').update(`${id}/${index}/${digest}`).digest('base64');
}

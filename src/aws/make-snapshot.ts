import { rm } from 'node:fs/promises';
import { BuilderError } from '../errors.ts';
import { AdaptiveLimit } from './adaptive-limit.ts';
import { type AwsRegion, awsErrorName } from './aws-region.ts';
import { BLOCK_BYTES, volumeBlocks } from './block.ts';
import { planUpon } from './choose-parent.ts';
import { startToken } from './identity.ts';
import { blockWriter } from './put-block.ts';
import { SentJournal } from './sent-journal.ts';
import { type Found, factsOf, type Wanted } from './situation.ts';
import {
  completeSnapshot,
  deleteSnapshot,
  lookAtSnapshot,
  type OwnSnapshot,
  startSnapshot,
  waitForSnapshot,
} from './snapshots.ts';
import type { OpenDisk } from './survey-disk.ts';
import { uploadBlocks } from './upload-blocks.ts';
import { lookFor } from './wait-until.ts';

/** A new snapshot can be seen within seconds. */
const VISIBLE_TIMEOUT_MS = 20_000;
/** So many snapshots of the same publish cannot have been deleted in vain. */
const MOST_STARTS = 10;

export interface MakeSnapshotInput {
  readonly region: AwsRegion;
  readonly wanted: Wanted;
  readonly found: Found;
  readonly disk: OpenDisk;
  /** Where journals are. */
  readonly folder: string;
  /** Is told of a snapshot as soon as there is one. */
  readonly onStarted: (snapshotId: string) => void;
  readonly onBytes: (doneBytes: number, totalBytes: number) => void;
  readonly signal: AbortSignal;
}

/** The completed snapshot of a publish: the one that is there, one that is gone on with, or a new one. */
export async function makeSnapshot(input: MakeSnapshotInput): Promise<OwnSnapshot> {
  const { region, found, folder, onStarted, signal } = input;
  if (found.stale !== undefined) await deleteSnapshot(region, found.stale.id);
  const snapshot = found.snapshot ?? (await start(input));
  onStarted(snapshot.id);
  if (snapshot.state === 'completed') return snapshot;
  await fill(input, snapshot);
  const completed = await waitForSnapshot(region, snapshot.id, signal);
  await rm(SentJournal.pathOf(folder, snapshot.id), { force: true });
  return completed;
}

/**
 * Starts a snapshot. The token leads a run that was killed to the snapshot that it started; when that one was removed or
 * given up meanwhile, the next token leads to another.
 */
async function start({ region, wanted, found, onStarted, signal }: MakeSnapshotInput): Promise<OwnSnapshot> {
  const { description, volumeGib, isEncrypted, keyArn } = wanted;
  const parentId = found.parent?.snapshot.id;
  const gone: string[] = [];
  while (gone.length < MOST_STARTS) {
    const { id } = await startSnapshot(region, {
      token: startToken({ key: wanted.key, writesZeros: wanted.writesZeros, parentId }, gone),
      facts: factsOf(wanted, parentId),
      volumeGib,
      description,
      isEncrypted,
      keyArn,
    });
    onStarted(id);
    const seen = await lookFor(() => lookAtSnapshot(region, id), VISIBLE_TIMEOUT_MS, signal);
    if (seen !== undefined && seen.state !== 'error') return requireEncryption(seen, isEncrypted);
    gone.push(id);
  }
  throw new BuilderError(
    'aws-refused',
    `${MOST_STARTS} snapshots that were started are gone: ${gone.join(', ')}`,
    {
      hint: 'see what removes the snapshots of this account',
    },
  );
}

/** An encrypted snapshot without its zeros would read as noise. */
function requireEncryption(snapshot: OwnSnapshot, isEncrypted: boolean): OwnSnapshot {
  if ((snapshot.keyArn !== undefined) === isEncrypted) return snapshot;
  const what = isEncrypted
    ? 'not encrypted, though it was asked for'
    : 'encrypted, though nobody asked for it';
  throw new BuilderError('aws-refused', `the snapshot ${snapshot.id} is ${what}`, {
    hint: 'publish cleanup removes it; somebody changed the settings of the account meanwhile',
  });
}

async function fill(input: MakeSnapshotInput, snapshot: OwnSnapshot): Promise<void> {
  const { region, wanted, found, disk, folder, onBytes, signal } = input;
  using journal = SentJournal.open(folder, snapshot.id, volumeBlocks(wanted.volumeGib));
  const limit = new AdaptiveLimit();
  const totalBytes = found.plannedBlocks * BLOCK_BYTES;
  onBytes(journal.count * BLOCK_BYTES, totalBytes);
  const uploaded = await uploadBlocks({
    plan: planUpon(found.parent, wanted),
    reader: disk.reader,
    diskBytes: disk.sizeBytes,
    journal,
    limit,
    put: blockWriter(region, snapshot.id, limit),
    onWritten: (blocks) => onBytes(blocks * BLOCK_BYTES, totalBytes),
    signal,
  });
  await completeSnapshot(region, snapshot.id, uploaded.writtenBlocks, uploaded.checksum).catch(
    (thrown: unknown) => {
      // A run that was killed may have completed it; its state tells whether it did.
      const mayBeDone = uploaded.sentBlocks === 0 && awsErrorName(thrown) === 'ValidationException';
      if (!mayBeDone) throw thrown;
    },
  );
}

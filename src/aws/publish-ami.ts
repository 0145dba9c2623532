import { randomUUID } from 'node:crypto';
import { BuilderError } from '../errors.ts';
import type { Ami, Emit } from '../events.ts';
import { Scope } from '../system/scope.ts';
import { AwsRegion, type GivenKeys } from './aws-region.ts';
import { byteProgress } from './block-progress.ts';
import { BLOCK_BYTES } from './block.ts';
import { chooseBootMode } from './boot-modes.ts';
import { openSource } from './disk-source.ts';
import {
  copyImage,
  deprecateImage,
  type OwnImage,
  registerImage,
  shareImage,
  waitForImage,
} from './images.ts';
import { makeSnapshot } from './make-snapshot.ts';
import { planRows } from './publish-plan.ts';
import { keyFor, type PublishRequest } from './publish-request.ts';
import { readBack } from './read-back.ts';
import {
  decideWanted,
  encryptingRegions,
  factsOf,
  type Found,
  lookAround,
  type Wanted,
} from './situation.ts';
import { openState } from './state-folder.ts';
import { type OpenDisk, surveyDisk } from './survey-disk.ts';

/** A disk image, and the name of the AMI that is made of it. */
export interface PublishSource {
  readonly path: string;
  readonly name: string;
  readonly description: string;
}

export interface PublishContext {
  /** Where block lists and journals are kept between runs. */
  readonly stateFolder: string;
  readonly keys: GivenKeys | undefined;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** An AMI that is there now. */
export interface PublishedImage extends Ami {
  /** Whether it was there before. */
  readonly wasThere: boolean;
}

/** All that one publish works with. */
interface Publish {
  readonly request: PublishRequest;
  readonly context: PublishContext;
  readonly region: AwsRegion;
  readonly copyRegions: readonly AwsRegion[];
  readonly wanted: Wanted;
  readonly found: Found;
  /** What was made, for people: it costs money. */
  readonly made: string[];
}

/** An image in one region. */
interface Place {
  readonly region: AwsRegion;
  readonly image: OwnImage;
  readonly wasThere: boolean;
}

/**
 * Makes an AMI of a disk image, without an instance: a snapshot block by block, read back and compared, registered, and
 * copied, shared and deprecated as asked. What an earlier run of the same publish made is gone on with; when all is there, nothing
 * is made. A dry run only says what would be. When it fails, a notice names what was made.
 */
export async function publishAmi(
  source: PublishSource,
  request: PublishRequest,
  context: PublishContext,
): Promise<readonly PublishedImage[]> {
  const { emit, signal, keys, stateFolder } = context;
  await using scope = new Scope();
  await openState(scope, stateFolder);
  const disk = await openSource(scope, source.path, signal);
  const bootMode = chooseBootMode(disk.startable, request.bootMode);
  const open = (name: string): AwsRegion => {
    const region = new AwsRegion(name, { keys, signal, work: 'publish' });
    scope.defer(() => region.close());
    return region;
  };
  const region = open(request.region);
  const copyRegions = request.copyTo.map(open);
  await region.requireCredentials();
  // Before the disk is read, which may take minutes: whoever may not ask this may do nothing.
  const encrypting = await encryptingRegions([region, ...copyRegions]);
  const list = await surveyDisk(disk, stateFolder, byteProgress(emit, 'read the disk'));
  const { name, description } = source;
  const wanted = decideWanted({ name, description, list, bootMode, request, encrypting });
  const found = await lookAround(wanted, stateFolder, region, copyRegions);
  emit({ type: 'plan-made', rows: planRows(wanted, found, request) });
  if (request.dryRun) return [];
  const made: string[] = [];
  const publish: Publish = { request, context, region, copyRegions, wanted, found, made };
  try {
    const imageId = found.image?.id ?? (await makeImage(publish, disk));
    return await spread(publish, imageId);
  } catch (thrown) {
    tellOfRest(publish, thrown);
    throw thrown;
  }
}

/** Makes snapshot and image; the image need not be available yet. */
async function makeImage(publish: Publish, disk: OpenDisk): Promise<string> {
  const { request, context, region, wanted, found, made } = publish;
  const { emit, signal, stateFolder } = context;
  const snapshot = await makeSnapshot({
    region,
    wanted,
    found,
    disk,
    folder: stateFolder,
    onStarted: (id) => note(made, `snapshot ${id} in ${region.name}`),
    onBytes: byteProgress(emit, 'send'),
    signal,
  });
  const onRead = byteProgress(emit, request.verify ? 'read all back' : 'read a sample back');
  await readBack({
    region,
    snapshotId: snapshot.id,
    list: wanted.list,
    all: request.verify,
    onRead: (blocks, total) => onRead(blocks * BLOCK_BYTES, total * BLOCK_BYTES),
  });
  const { writesZeros } = snapshot;
  const id = await registerImage(region, { ...wanted, writesZeros, snapshotId: snapshot.id });
  note(made, `AMI ${id} in ${region.name}`);
  return id;
}

/** Copies the image, and shares and deprecates it and its copies. */
async function spread(publish: Publish, imageId: string): Promise<readonly PublishedImage[]> {
  const { request, context, region, copyRegions, found } = publish;
  const image = await waitForImage(region, imageId, 'registered', context.signal);
  // All have ended before the first failure is told: what they made is named with it.
  const copies = await Promise.allSettled(copyRegions.map((target) => copyTo(publish, image, target)));
  const places: Place[] = [{ region, image, wasThere: found.image !== undefined }];
  for (const copy of copies) {
    if (copy.status === 'rejected') throw copy.reason;
    places.push(copy.value);
  }
  for (const place of places) {
    if (request.share.length > 0) await shareImage(place.region, place.image, request.share);
    if (request.deprecateAt !== undefined) {
      await deprecateImage(place.region, place.image.id, request.deprecateAt);
    }
  }
  return places.map((place) => ({
    region: place.region.name,
    id: place.image.id,
    snapshotId: place.image.snapshotIds[0] ?? '',
    name: place.image.name,
    wasThere: place.wasThere,
  }));
}

async function copyTo(
  { request, context, region, wanted, found, made }: Publish,
  image: OwnImage,
  target: AwsRegion,
): Promise<Place> {
  const { emit, signal } = context;
  const there = found.copies.get(target.name);
  const item = `copy to ${target.name}`;
  emit({ type: 'progress', phase: 'publish', item, fraction: 0 });
  const keyArn = keyFor(request, target.name);
  const id =
    there?.id ??
    (await copyImage(target, {
      facts: { ...factsOf(wanted), encryption: keyArn ?? wanted.encryption },
      description: wanted.description,
      source: { region: region.name, imageId: image.id },
      isEncrypted: wanted.isEncrypted,
      keyArn,
      token: randomUUID(),
    }));
  if (there === undefined) note(made, `AMI ${id} in ${target.name}`);
  const copy = await waitForImage(target, id, 'copied', signal);
  emit({ type: 'progress', phase: 'publish', item, fraction: 1 });
  return { region: target, image: copy, wasThere: there !== undefined };
}

/** Says what costs money until somebody removes it or goes on with it. */
function tellOfRest({ made, context }: Publish, thrown: unknown): void {
  if (made.length === 0) return;
  const isWrong = thrown instanceof BuilderError && thrown.code === 'compare-failed';
  const next = isWrong
    ? 'publish cleanup removes it'
    : 'the same command goes on with it, publish cleanup removes it';
  const text = `left in the account: ${made.join('; ')}; ${next}`;
  context.emit({ type: 'notice', level: 'warning', text });
}

function note(made: string[], text: string): void {
  if (!made.includes(text)) made.push(text);
}

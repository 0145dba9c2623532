import { randomUUID } from 'node:crypto';
import { ListSnapshotBlocksCommand } from '@aws-sdk/client-ebs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AdaptiveLimit } from '../../src/aws/adaptive-limit.ts';
import { AwsRegion, awsErrorName } from '../../src/aws/aws-region.ts';
import { BLOCK_BYTES, sha256Of } from '../../src/aws/block.ts';
import { discardImage, findLeftovers, remove } from '../../src/aws/cleanup.ts';
import {
  deregisterImage,
  findImages,
  findPublished,
  registerImage,
  waitForImage,
} from '../../src/aws/images.ts';
import { blockWriter } from '../../src/aws/put-block.ts';
import { publishAmi, type PublishedImage } from '../../src/aws/publish-ami.ts';
import { readPublishRequest } from '../../src/aws/publish-request.ts';
import {
  completeSnapshot,
  deleteSnapshot,
  findSnapshots,
  lookAtSnapshot,
  startSnapshot,
  waitForSnapshot,
} from '../../src/aws/snapshots.ts';
import { KEY_TAG } from '../../src/aws/tags.ts';
import { temporaryFolder } from '../../src/system/files.ts';
import { Scope } from '../../src/system/scope.ts';
import { makeRawDisk } from '../integration/publish-rig.ts';
import { type ContractTarget, openTarget } from './target.ts';

/** Of one run: everything that it makes carries it, and is removed at the end. */
const RUN = `contract-${randomUUID().slice(0, 8)}`;
/** A real account takes minutes to complete a snapshot. */
const TIMEOUT_MS = 30 * 60_000;

/** What this program relies on of EC2 and EBS, held against whatever service is chosen; see docs/aws.md. */
describe('the contract with AWS', { timeout: TIMEOUT_MS }, () => {
  let target: ContractTarget;
  let region: AwsRegion;
  const { signal } = new AbortController();

  beforeAll(async () => {
    target = await openTarget(process.env);
    region = new AwsRegion(target.region, { keys: undefined, signal, work: 'publish' });
    console.info(`the contract is held against ${target.name}, in ${target.region}`);
  });
  afterEach(async () => {
    for (const { id } of await findSnapshots(region, [{ Name: 'tag:Name', Values: [`${RUN}*`] }])) {
      const images = await findImages(region, [{ Name: 'block-device-mapping.snapshot-id', Values: [id] }]);
      for (const image of images) await deregisterImage(region, image.id);
      await deleteSnapshot(region, id);
    }
  }, TIMEOUT_MS);
  afterAll(async () => {
    region.close();
    await target[Symbol.asyncDispose]();
  });

  const name = (): string => `${RUN}-${randomUUID().slice(0, 8)}`;
  const blocks = [0, 3].map((index) => {
    const data = Buffer.alloc(BLOCK_BYTES, index + 1);
    return { index, sha256: sha256Of(data), isZero: false, data };
  });

  async function start(wanted: string, token = wanted): Promise<string> {
    const facts = {
      ...{ name: wanted, key: wanted, diskDigest: '0', writesZeros: false, encryption: 'none' },
      parentId: undefined,
    };
    const rest = { volumeGib: 1, description: 'a test', isEncrypted: false, keyArn: undefined };
    return (await startSnapshot(region, { token, facts, ...rest })).id;
  }

  async function completed(wanted: string): Promise<string> {
    const id = await start(wanted);
    const put = blockWriter(region, id, new AdaptiveLimit());
    for (const block of blocks) await put(block, block.data);
    await completeSnapshot(region, id, 2, sha256Of(Buffer.concat(blocks.map(({ sha256 }) => sha256))));
    await waitForSnapshot(region, id, signal);
    return id;
  }

  it('gives the same snapshot for the same token, with the tags that it was started with', async () => {
    const wanted = name();
    const id = await start(wanted);
    expect(await start(wanted)).toBe(id);
    expect(await lookAtSnapshot(region, id)).toMatchObject({ id, name: wanted, key: wanted, volumeGib: 1 });
  });

  it('lists what was written to a completed snapshot, and nothing of a pending one', async () => {
    const wanted = name();
    const SnapshotId = await start(wanted);
    const list = new ListSnapshotBlocksCommand({ SnapshotId });
    await expect(region.ebs.send(list)).rejects.toMatchObject({ name: 'ValidationException' });
    const { Blocks = [] } = await region.ebs.send(
      new ListSnapshotBlocksCommand({ SnapshotId: await completed(name()) }),
    );
    expect(Blocks.map(({ BlockIndex }) => BlockIndex)).toEqual([0, 3]);
  });

  it('refuses to complete with another count of blocks', async () => {
    const id = await start(name());
    const [block] = blocks;
    if (block !== undefined) await blockWriter(region, id, new AdaptiveLimit())(block, block.data);
    const completing = completeSnapshot(region, id, 2, Buffer.alloc(32));
    await expect(completing).rejects.toMatchObject({ code: 'aws-refused' });
  });

  it('registers an image once for a name, and keeps its snapshot while it is there', async () => {
    const wanted = name();
    const snapshotId = await completed(wanted);
    const facts = { name: wanted, key: wanted, writesZeros: false };
    const input = { ...facts, description: 'a test', snapshotId, bootMode: 'uefi-preferred' as const };
    const id = await registerImage(region, input);
    const image = await waitForImage(region, id, 'registered', signal);
    expect(await findPublished(region, facts)).toEqual(image);
    // The name is taken, which is found to be this very image.
    expect(await registerImage(region, input)).toBe(id);
    const deleting = deleteSnapshot(region, snapshotId);
    await expect(deleting).rejects.toSatisfy((thrown) => awsErrorName(thrown) === 'InvalidSnapshot.InUse');
    await discardImage(region, image);
    expect(await lookAtSnapshot(region, snapshotId)).toBeUndefined();
    await discardImage(region, image);
  });

  it('lets a disk be published, found again, and removed', async () => {
    await using scope = new Scope();
    const folder = await temporaryFolder(scope);
    const path = await makeRawDisk(`${folder}/disk.raw`);
    const wanted = name();
    const publish = (): Promise<readonly PublishedImage[]> =>
      publishAmi(
        { path, name: wanted, description: 'a test' },
        readPublishRequest({ verify: true }, target.region, Date.now()),
        { stateFolder: `${folder}/state`, keys: undefined, emit: () => undefined, signal },
      );
    const [made] = await publish();
    const [again] = await publish();
    expect(again).toEqual({ ...made, wasThere: true });
    const all = await findLeftovers(region, [wanted]);
    // What others have left in the account stays.
    const own = all.filter(({ id }) => id === made?.id || id === made?.snapshotId);
    expect(own.map(({ kind }) => kind)).toEqual(['image', 'snapshot']);
    for (const removal of own) await remove(region, removal);
    expect(await findSnapshots(region, [{ Name: 'tag-key', Values: [KEY_TAG] }])).not.toContainEqual(
      expect.objectContaining({ id: made?.snapshotId }),
    );
  });
});

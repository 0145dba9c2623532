import type { AwsRegion } from './aws-region.ts';
import { deregisterImage, findImages, type OwnImage } from './images.ts';
import { deleteSnapshot, findSnapshots, type OwnSnapshot } from './snapshots.ts';
import { KEY_TAG } from './tags.ts';

/** What a clean-up removes from a region, with the reason for each. */
export interface Removal {
  readonly kind: 'image' | 'snapshot';
  readonly id: string;
  readonly name: string;
  readonly why: string;
}

/** Words for images that will never be available. */
const DEAD_STATES = ['failed', 'error', 'invalid'];

/**
 * What is to go: images of this program that came to nothing, or were named (by id or name), with their snapshots, and snapshots
 * of this program that no image uses. Images first, for their snapshots cannot go before them.
 */
export function planCleanup(
  images: readonly OwnImage[],
  snapshots: readonly OwnSnapshot[],
  named: readonly string[],
): readonly Removal[] {
  const isNamed = ({ id, name }: OwnImage): boolean => named.includes(id) || named.includes(name);
  const going = images.filter(
    (image) => image.key !== undefined && (isNamed(image) || DEAD_STATES.includes(image.state)),
  );
  const used = new Set(
    images.filter((image) => !going.includes(image)).flatMap(({ snapshotIds }) => snapshotIds),
  );
  return [
    ...going.map((image): Removal => {
      const why = isNamed(image) ? 'it was named' : `it is in the state ${image.state}`;
      return { kind: 'image', id: image.id, name: image.name, why };
    }),
    ...snapshots
      .filter(({ id }) => !used.has(id))
      .map((snapshot): Removal => {
        const ofGoing = going.some(({ snapshotIds }) => snapshotIds.includes(snapshot.id));
        const why = ofGoing ? 'its AMI goes' : `no AMI uses it, state ${snapshot.state}`;
        return { kind: 'snapshot', id: snapshot.id, name: snapshot.name, why };
      }),
  ];
}

/** Finds what is to go from a region. Only what carries this program's tag is looked at. */
export async function findLeftovers(
  region: AwsRegion,
  named: readonly string[],
): Promise<readonly Removal[]> {
  // All images: a snapshot of ours may be used by an image that somebody else registered.
  const images = await findImages(region, []);
  const snapshots = await findSnapshots(region, [{ Name: 'tag-key', Values: [KEY_TAG] }]);
  return planCleanup(images, snapshots, named);
}

/** Removes an image with its snapshots; what is gone is fine. Fails as `AwsRegion.ask`. */
export async function discardImage(region: AwsRegion, { id, snapshotIds }: OwnImage): Promise<void> {
  await deregisterImage(region, id);
  for (const snapshotId of snapshotIds) await deleteSnapshot(region, snapshotId);
}

/** Removes one thing that `findLeftovers` has found. Fails as `AwsRegion.ask`. */
export async function remove(region: AwsRegion, { kind, id }: Removal): Promise<void> {
  if (kind === 'image') await deregisterImage(region, id);
  else await deleteSnapshot(region, id);
}

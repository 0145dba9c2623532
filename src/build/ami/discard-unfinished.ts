import { AwsRegion, type GivenKeys } from '../../aws/aws-region.ts';
import { discardImage } from '../../aws/cleanup.ts';
import type { UnfinishedImages } from '../../aws/unfinished-images.ts';
import { asError } from '../../errors.ts';
import type { Emit } from '../../events.ts';

/** The build's own signal may have fired: what is left must go all the same. */
const LONGEST_MS = 2 * 60_000;

/** Removes the images that Packer began and left; what cannot be removed costs money, and is named. Never fails. */
export async function discardUnfinished(
  unfinished: UnfinishedImages,
  {
    region: name,
    keys,
    emit,
  }: { readonly region: string; readonly keys: GivenKeys | undefined; readonly emit: Emit },
): Promise<void> {
  if (unfinished.ids.length === 0) return;
  const region = new AwsRegion(name, { keys, signal: AbortSignal.timeout(LONGEST_MS), work: 'packer' });
  const tell = (ids: readonly string[], thrown: unknown): void => {
    const text = `the unfinished AMI ${ids.join(', ')} in ${name} may be left, with its snapshot: ${asError(thrown).message}`;
    emit({ type: 'notice', level: 'warning', text });
  };
  try {
    for (const image of await unfinished.find(region)) {
      const text = `removed the unfinished AMI ${image.id} and its snapshot`;
      await discardImage(region, image).then(
        () => emit({ type: 'notice', level: 'info', text }),
        (thrown: unknown) => tell([image.id], thrown),
      );
    }
  } catch (thrown) {
    tell(unfinished.ids, thrown);
  } finally {
    region.close();
  }
}

import { AwsRegion } from '../../aws/aws-region.ts';
import { byteProgress } from '../../aws/block-progress.ts';
import { findLeftovers, type Removal, remove } from '../../aws/cleanup.ts';
import { findSource } from '../../aws/find-source.ts';
import { publishAmi, type PublishedImage } from '../../aws/publish-ami.ts';
import type { PublishRequest } from '../../aws/publish-request.ts';
import { stateFolderOf } from '../../aws/state-folder.ts';
import { type Emit, runPhase } from '../../events.ts';
import { recordAmis } from '../../output/published.ts';
import type { Settings } from '../../settings/settings.ts';
import { Scope } from '../../system/scope.ts';
import { VERSION } from '../../version.ts';
import { awsKeysOf } from './aws-keys.ts';
import { writeReport } from '../documents/report.ts';

export interface PublishTargetOptions {
  readonly name: string | undefined;
  readonly settings: Settings;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** Makes an AMI of a finished output or of a disk image; an output's `published.json` and report then tell of it. */
export async function publishTarget(
  target: string,
  request: PublishRequest,
  { name, settings, emit, signal }: PublishTargetOptions,
): Promise<readonly PublishedImage[]> {
  const work = async (): Promise<readonly PublishedImage[]> => {
    const builder = `netsil-builder ${VERSION}`;
    const onHashed = byteProgress(emit, 'check the image');
    const source = await findSource(target, { name, builder, onHashed, signal });
    const stateFolder = stateFolderOf(settings.imagePath);
    const images = await publishAmi(source, request, {
      stateFolder,
      keys: awsKeysOf(settings),
      emit,
      signal,
    });
    if (source.outputFolder !== undefined && images.length > 0) {
      await recordAmis(
        source.outputFolder,
        images.map(({ region, id, snapshotId, name }) => ({ region, id, snapshotId, name })),
      );
      await writeReport(source.outputFolder);
    }
    return images;
  };
  const isReused = (images: readonly PublishedImage[]): boolean =>
    images.length > 0 && images.every(({ wasThere }) => wasThere);
  const title = `publish ${target}`;
  return runPhase(emit, 'publish', title, work, (images) => (isReused(images) ? 'reused' : 'done'));
}

/** Removes what publishes left in the account, or only says what. `named` is an AMI that is to go, too. */
export async function cleanUp(
  named: string | undefined,
  request: PublishRequest,
  { settings, signal }: Pick<PublishTargetOptions, 'settings' | 'signal'>,
): Promise<readonly (Removal & { readonly region: string })[]> {
  await using scope = new Scope();
  const removed: (Removal & { readonly region: string })[] = [];
  for (const name of [request.region, ...request.copyTo]) {
    const region = new AwsRegion(name, { keys: awsKeysOf(settings), signal, work: 'publish' });
    scope.defer(() => region.close());
    await region.requireCredentials();
    for (const removal of await findLeftovers(region, named === undefined ? [] : [named])) {
      if (!request.dryRun) await remove(region, removal);
      removed.push({ ...removal, region: name });
    }
  }
  return removed;
}

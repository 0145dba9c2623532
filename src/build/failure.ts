import { readFile, rm } from 'node:fs/promises';
import { asError, BuilderError, BuilderErrors, Interrupted } from '../errors.ts';
import type { BuildRecorder } from '../output/build-recorder.ts';
import { moveAside } from '../output/stamp.ts';
import { exists } from '../system/files.ts';
import type { BuildContext } from './context.ts';
import { setLayerAside } from './layering/layering.ts';
import type { PreparedRun } from './machine/prepare-machine.ts';
import type { Workspace } from './workspace.ts';

const SERIAL_TAIL_LINES = 15;

/**
 * After a failure: what Packer wrote (it removes its folder by itself until the disk is saved) is kept aside for a look,
 * and told. After Ctrl-C it is removed: it is this build's own and nobody waits for it.
 */
export async function setAsideWork({ workFolder }: Workspace, { emit, signal }: BuildContext): Promise<void> {
  if (!(await exists(workFolder))) return;
  if (signal.reason instanceof Interrupted) {
    await rm(workFolder, { recursive: true, force: true }).catch(() => undefined);
    return;
  }
  // The failure itself is what the user must hear of, whatever becomes of its files.
  const text = await moveAside(workFolder, 'failed', new Date()).then(
    (aside) => `the files of the failed build are in ${aside}`,
    (thrown: unknown) => `the files of the failed build stay in ${workFolder}: ${asError(thrown).message}`,
  );
  emit({ type: 'notice', level: 'warning', text });
}

/**
 * Whether a build whose machine did not come back from its layer can be tried without that layer: it is set aside then.
 * A machine that ran before it failed has shown that its layer is whole.
 */
export async function giveUpResume(
  { layers }: PreparedRun,
  thrown: unknown,
  { emit, signal }: BuildContext,
): Promise<boolean> {
  const record = layers?.layering.plan.resume?.record;
  if (layers === undefined || record === undefined || layers.run.isAwake || signal.aborted) return false;
  if (thrown instanceof BuilderError && thrown.code === 'disk-full') return false;
  const { store } = layers.layering;
  const layer = (await store.list()).find(
    (stored) => stored.record.key === record.key && stored.damage === undefined,
  );
  if (layer === undefined) return false;
  await setLayerAside(store, layer, `the machine did not come back: ${asError(thrown).message}`, emit);
  return true;
}

/** The failure, with how to go on from the layers that the build has kept. */
export function tellOfKept(thrown: unknown, { layers }: PreparedRun): unknown {
  const kept = layers?.run.lastKept;
  if (kept === undefined || !(thrown instanceof BuilderError) || thrown instanceof Interrupted) return thrown;
  if (thrown.code !== 'provision-failed' && thrown.code !== 'packer-failed') return thrown;
  return new BuilderError(thrown.code, thrown.message, {
    tail: thrown.tail,
    cause: thrown.cause,
    hint: `mend it and type ./start.sh build again: it goes on behind the layer ${kept}; ./start.sh shell opens the machine as it was there`,
  });
}

/** The failure with what helps to understand it: the log's place, and the console's last lines if SSH never came. */
export async function explainFailure(thrown: unknown, workspace: Workspace): Promise<Error> {
  const error = asError(thrown);
  const isPlain =
    error instanceof BuilderError && !(error instanceof BuilderErrors || error instanceof Interrupted);
  if (!isPlain) return error;
  const { code, message } = error;
  const isBoot = code === 'boot-timeout';
  return new BuilderError(code, message, {
    logFile: workspace.logFile,
    // An instance of EC2 has no console here, and says so by a hint of its own.
    tail: isBoot && error.hint === undefined ? await serialTail(workspace.serialLog) : error.tail,
    hint: error.hint ?? (isBoot ? BOOT_HINT : 'the log has the whole output of every tool'),
    cause: error.cause,
  });
}

const BOOT_HINT =
  'above are the last lines of its console: a login prompt there means that the key or the network is wrong; a slow machine needs a longer SSH_TIMEOUT';

async function serialTail(path: string): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const lines = text
    .split(/\r?\n|\r/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.length === 0 ? ['(the serial console stayed empty)'] : lines.slice(-SERIAL_TAIL_LINES);
}

/** The failure of the images or of the AMI, when the other one was finished: it is not lost, and the exit code tells. */
export function besides({ code, message, hint, tail, cause }: BuilderError, directory: string): BuilderError {
  return new BuilderError(code, `${message}; the rest is whole: ${directory}`, {
    ...(hint === undefined ? {} : { hint }),
    tail,
    cause,
  });
}

/** An AMI that was made costs money, whatever became of the build. */
export function tellOfAmis(
  { amis }: Pick<BuildRecorder, 'amis'>,
  { emit }: Pick<BuildContext, 'emit'>,
): void {
  for (const { id, name, region, snapshotId } of amis) {
    const text = `the AMI ${id} (${name}) in ${region} stays, with its snapshot ${snapshotId}`;
    emit({ type: 'notice', level: 'warning', text });
  }
}

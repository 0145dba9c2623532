import { join } from 'node:path';
import { asError, BuilderError } from '../errors.ts';
import { writeFileWhole } from '../system/files.ts';
import { redactedJson } from '../system/secrets.ts';
import { type AmiRecord, type Manifest, MANIFEST_FILE } from './manifest.ts';
import { readManifest } from './read-manifest.ts';

/**
 * Writes into a finished output's manifest which AMIs were made of it, and makes its report anew. An AMI that is told of already
 * is told of once. Fails with `report-unwritable`; the AMIs are there all the same, and the message names them.
 */
export async function recordAmis(
  folder: string,
  amis: readonly AmiRecord[],
  renderReport: (manifest: Manifest) => string,
): Promise<void> {
  const manifest = await readManifest(folder);
  const others = (manifest.ami ?? []).filter((known) => !amis.some(({ id }) => id === known.id));
  const told: Manifest = { ...manifest, ami: [...others, ...amis] };
  try {
    await writeFileWhole(join(folder, MANIFEST_FILE), redactedJson(told));
    await writeFileWhole(join(folder, 'report.html'), renderReport(told));
  } catch (thrown) {
    const which = amis.map(({ id, region }) => `${id} in ${region}`).join(', ');
    throw new BuilderError(
      'report-unwritable',
      `${which} cannot be told of in ${folder}: ${asError(thrown).message}`,
      {
        hint: 'the AMIs are there; the folder of the output must be yours to write',
      },
    );
  }
}

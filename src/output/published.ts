import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { asError, BuilderError } from '../errors.ts';
import { writeFileWhole } from '../system/files.ts';
import { redactedJson } from '../system/secrets.ts';
import type { AmiRecord } from './manifest.ts';

/** What was made of an output after it was finished. It is not the manifest's: that is covered by the checksums. */
const PUBLISHED_FILE = 'published.json';

const Published = z.object({
  schema: z.literal(1),
  ami: z.array(z.object({ region: z.string(), id: z.string(), snapshotId: z.string(), name: z.string() })),
});

/** The AMIs that were made of a finished output; none when nothing can be read. */
export async function readPublished(folder: string): Promise<readonly AmiRecord[]> {
  try {
    return Published.parse(JSON.parse(await readFile(join(folder, PUBLISHED_FILE), 'utf8'))).ami;
  } catch {
    return [];
  }
}

/**
 * Keeps beside a finished output which AMIs were made of it, each once. Fails with `report-unwritable`; the AMIs are there
 * all the same, and the message names them.
 */
export async function recordAmis(folder: string, amis: readonly AmiRecord[]): Promise<void> {
  const others = (await readPublished(folder)).filter((known) => !amis.some(({ id }) => id === known.id));
  const path = join(folder, PUBLISHED_FILE);
  await writeFileWhole(path, redactedJson({ schema: 1, ami: [...others, ...amis] })).catch(
    (thrown: unknown) => {
      const which = amis.map(({ id, region }) => `${id} in ${region}`).join(', ');
      const message = `${which} cannot be told of in ${path}: ${asError(thrown).message}`;
      throw new BuilderError('report-unwritable', message, {
        hint: 'the AMIs are there; the folder of the output must be yours to write',
      });
    },
  );
}

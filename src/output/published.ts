import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { asError, BuilderError, systemCode } from '../errors.ts';
import type { Ami } from '../events.ts';
import { parseCheckedJson } from '../system/checked-json.ts';
import { writeFileWhole } from '../system/files.ts';
import { redactedJson } from '../system/secrets.ts';
import { AmiSchema } from './read-manifest.ts';

/** What was made of an output after it was finished. It is not the manifest's: that is covered by the checksums. */
const PUBLISHED_FILE = 'published.json';

const PublishedSchema = z.object({ schema: z.literal(1), ami: z.array(AmiSchema) });

/** The AMIs that were made of a finished output; none when nothing can be read. */
export async function readPublished(folder: string): Promise<readonly Ami[]> {
  return readAmis(join(folder, PUBLISHED_FILE)).catch(() => []);
}

/**
 * Keeps beside a finished output which AMIs were made of it, each once. Fails with `report-unwritable`, also when what is
 * kept already cannot be read: it would be lost. The AMIs are there all the same, and the message names them.
 */
export async function recordAmis(folder: string, amis: readonly Ami[]): Promise<void> {
  const path = join(folder, PUBLISHED_FILE);
  try {
    const others = (await readAmis(path)).filter((known) => !amis.some(({ id }) => id === known.id));
    await writeFileWhole(path, redactedJson({ schema: 1, ami: [...others, ...amis] }));
  } catch (thrown) {
    const which = amis.map(({ id, region }) => `${id} in ${region}`).join(', ');
    const message = `${which} cannot be told of in ${path}: ${asError(thrown).message}`;
    throw new BuilderError('report-unwritable', message, {
      hint: 'the AMIs are there; the file must be as this program writes it, and yours to write',
    });
  }
}

async function readAmis(path: string): Promise<readonly Ami[]> {
  const text = await readFile(path, 'utf8').catch((thrown: unknown) => {
    if (systemCode(thrown) === 'ENOENT') return undefined;
    throw thrown;
  });
  if (text === undefined) return [];
  const result = parseCheckedJson(text, PublishedSchema);
  if ('value' in result) return result.value.ami;
  const { line, column, what } = result.mistake;
  throw new Error(`${line}:${column}: ${what}`);
}

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asError, BuilderError } from '../../errors.ts';
import { DISK_FORMATS } from '../../images/formats.ts';
import { importGuides } from '../../images/imports.ts';
import type { Manifest } from '../../output/manifest.ts';
import { PROOF_FOLDER, readProofRecord } from '../../output/proof-record.ts';
import { readPublished } from '../../output/published.ts';
import { readManifest } from '../../output/read-manifest.ts';
import { renderReport } from '../../report/page.ts';
import type { ReportProof } from '../../report/report-data.ts';
import { writeFileWhole } from '../../system/files.ts';

/** The page for people, beside the images. */
export const REPORT_FILE = 'report.html';

/**
 * The report of an output, from what stands in its folder: its manifest, the evidence if it was proven, what was published. Fails with
 * `manifest-missing` or `manifest-malformed`.
 */
export async function renderOutputReport(folder: string): Promise<string> {
  const manifest = await readManifest(folder);
  const ami = [...(manifest.ami ?? []), ...(await readPublished(folder))];
  return renderBuildReport({ ...manifest, ami }, await readProof(join(folder, PROOF_FOLDER)));
}

/** Makes the report of an output anew, and returns its path. Fails as `renderOutputReport`, and with `report-unwritable`. */
export async function writeReport(folder: string): Promise<string> {
  const path = join(folder, REPORT_FILE);
  const page = await renderOutputReport(folder);
  await writeFileWhole(path, page).catch((thrown: unknown) => {
    throw new BuilderError('report-unwritable', `cannot write ${path}: ${asError(thrown).message}`, {
      hint: 'the folder of the output must be yours to write',
    });
  });
  return path;
}

/** The report of a manifest, and what the program knows of the formats in it. */
export function renderBuildReport(manifest: Manifest, proof?: ReportProof): string {
  const images = manifest.artifacts.map((artifact) => {
    const format = DISK_FORMATS.find(({ name }) => name === artifact.format);
    return {
      ...artifact,
      target: format?.target ?? '',
      check: format?.check ?? '',
      imports: importGuides(artifact.format, { file: artifact.file, name: manifest.name }),
    };
  });
  return renderReport({ manifest, images, ...(proof === undefined ? {} : { proof }) });
}

/** The evidence in a folder, with its pictures; one that is gone is left out. Undefined without a record. */
export async function readProof(folder: string): Promise<ReportProof | undefined> {
  const record = await readProofRecord(folder);
  if (record === undefined) return undefined;
  const names = record.boots.flatMap(({ screenshot }) => screenshot ?? []);
  const pictures = await Promise.all(
    names.map(async (name) => [name, await readFile(join(folder, name)).catch(() => undefined)] as const),
  );
  return {
    record,
    folder: PROOF_FOLDER,
    pictures: new Map(pictures.flatMap(([name, png]) => (png ? [[name, png]] : []))),
  };
}

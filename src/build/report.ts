import { DISK_FORMATS } from '../images/formats.ts';
import { importGuides } from '../images/imports.ts';
import type { Manifest } from '../output/manifest.ts';
import { renderReport } from '../report/page.ts';

/** The page for people, beside the images. */
export const REPORT_FILE = 'report.html';

/** The report of a finished output: its manifest, and what the program knows of the formats in it. */
export function renderBuildReport(manifest: Manifest): string {
  const images = manifest.artifacts.map((artifact) => {
    const format = DISK_FORMATS.find(({ name }) => name === artifact.format);
    return {
      ...artifact,
      target: format?.target ?? '',
      check: format?.check ?? '',
      imports: importGuides(artifact.format, { file: artifact.file, name: manifest.name }),
    };
  });
  return renderReport({ manifest, images });
}

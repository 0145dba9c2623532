import { copyFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Signer } from '../../attest/signer.ts';
import type { Artifact } from '../../events.ts';
import { type OutputDocument, textDocument } from '../../output/document.ts';
import { CHECKSUMS_FILE, checksumLines, MANIFEST_FILE } from '../../output/manifest.ts';
import { redactedJson } from '../../system/secrets.ts';
import { type BuildFacts, buildManifest } from './manifest.ts';
import { provenanceDocument } from './provenance.ts';
import { sbomDocument } from './sbom.ts';
import { renderOutputReport, REPORT_FILE } from './report.ts';
import type { Workspace } from '../workspace.ts';

export interface DocumentFacts extends BuildFacts {
  readonly artifacts: readonly Artifact[];
  readonly workspace: Workspace;
  readonly signal: AbortSignal;
}

/**
 * What an output has besides its images, in the order of writing. What the checksums are to cover stands before them; the
 * report stands behind, so that it can be made again.
 */
export function outputDocuments(facts: DocumentFacts): readonly OutputDocument[] {
  const { plan, artifacts, images, workspace, signal } = facts;
  const manifest = buildManifest(facts);
  const { name, builtAt } = manifest;
  return [
    ...(images === undefined ? [] : [sbomDocument({ name, builtAt, artifacts, signal })]),
    logDocument(workspace.logFile),
    textDocument(MANIFEST_FILE, 'byproduct', ({ stamp: version }) =>
      redactedJson({ ...manifest, version, artifacts }),
    ),
    // A statement is about files: of an AMI alone there are none.
    ...(images === undefined ? [] : [provenanceDocument({ ...images, manifest, runId: workspace.runId })]),
    textDocument(CHECKSUMS_FILE, 'byproduct', ({ files }) => checksumLines(files)),
    ...(plan.signer === undefined ? [] : [signatureDocument(plan.signer, signal)]),
    REPORT,
  ];
}

function logDocument(logFile: string): OutputDocument {
  return { file: basename(logFile), kind: 'byproduct', write: (path) => copyFile(logFile, path) };
}

/** Without the signature that was asked for an output is not whole. */
function signatureDocument(signer: Signer, signal: AbortSignal): OutputDocument {
  return {
    file: signer.signature.file,
    kind: 'byproduct',
    write: (path) => signer.sign(join(dirname(path), CHECKSUMS_FILE), signal),
  };
}

/** From what stands in the folder, as the command `report` makes it again. */
const REPORT: OutputDocument = {
  ...textDocument(REPORT_FILE, 'byproduct', ({ folder }) => renderOutputReport(folder)),
  isOptional: true,
};

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProvenanceStatement } from '../../test/support/slsa-provenance.ts';
import type { OutputFile } from '../output/document.ts';
import { BUILD_TYPE, BUILDER_ID, type ProvenanceFacts, provenanceStatement } from './statement.ts';

const FILES: readonly OutputFile[] = [
  { file: 'web.vdi', kind: 'image', sha256: 'b'.repeat(64) },
  { file: 'web.qcow2', kind: 'image', sha256: 'a'.repeat(64) },
  { file: 'build.log', kind: 'byproduct', sha256: 'c'.repeat(64) },
  { file: 'sbom.spdx.json', kind: 'description', sha256: 'd'.repeat(64) },
];

const facts = (overrides: Partial<ProvenanceFacts> = {}): ProvenanceFacts => ({
  files: FILES,
  externalParameters: { imageName: 'web' },
  internalParameters: { accelerator: 'tcg' },
  dependencies: [{ name: 'base image', digest: { sha256: 'e'.repeat(64) } }],
  version: '2.0.0',
  invocationId: '20261125-233818-17370-bbe95f578d135e37',
  startedOn: new Date(1_795_649_000_000),
  finishedOn: new Date(1_795_649_123_456),
  ...overrides,
});

describe('the provenance statement', () => {
  it('is what in-toto and SLSA specify', () => {
    const statement = provenanceStatement(facts());
    expect(ProvenanceStatement.parse(statement)).toEqual(statement);
  });

  it('is described, with an example that is one', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/provenance.md'), 'utf8');
    const example = /```json\n([^]+?)```/.exec(page)?.[1] ?? '';
    const { buildDefinition, runDetails } = ProvenanceStatement.parse(JSON.parse(example)).predicate;
    expect([buildDefinition.buildType, runDetails.builder.id]).toEqual([BUILD_TYPE, BUILDER_ID]);
  });

  it('is about images and what describes them; what else was left is a by-product', () => {
    const { subject, predicate } = provenanceStatement(facts());
    expect(subject).toEqual([
      { name: 'sbom.spdx.json', digest: { sha256: 'd'.repeat(64) } },
      { name: 'web.qcow2', digest: { sha256: 'a'.repeat(64) } },
      { name: 'web.vdi', digest: { sha256: 'b'.repeat(64) } },
    ]);
    expect(predicate.runDetails.byproducts.map(({ name }) => name)).toEqual(['build.log']);
  });

  it('tells times in UTC', () => {
    expect(provenanceStatement(facts()).predicate.runDetails.metadata).toEqual({
      invocationId: '20261125-233818-17370-bbe95f578d135e37',
      startedOn: '2026-11-25T23:23:20.000Z',
      finishedOn: '2026-11-25T23:25:23.456Z',
    });
  });

  it('is the same whichever file was finished first', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...FILES], { minLength: FILES.length }), (files) => {
        expect(provenanceStatement(facts({ files }))).toEqual(provenanceStatement(facts()));
      }),
    );
  });
});

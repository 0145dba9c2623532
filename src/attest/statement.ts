import type { OutputFile } from '../output/document.ts';

/** A file, folder or checkout, as in-toto describes one: at least one of `uri` and `digest` is there. */
export interface ResourceDescriptor {
  readonly name?: string;
  readonly uri?: string;
  /** Hexadecimal, by algorithm. */
  readonly digest?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, ParameterValue>>;
}

export type ParameterValue =
  | string
  | number
  | boolean
  | readonly ParameterValue[]
  | { readonly [name: string]: ParameterValue };

type Parameters = Readonly<Record<string, ParameterValue>>;

/** What a provenance statement tells. */
export interface ProvenanceFacts {
  /** The output's files that are there: images and what describes them are subjects, the others by-products. */
  readonly files: readonly OutputFile[];
  /** What the user chose. */
  readonly externalParameters: Parameters;
  /** What the program decided or found. */
  readonly internalParameters: Parameters;
  readonly dependencies: readonly ResourceDescriptor[];
  readonly version: string;
  readonly invocationId: string;
  readonly startedOn: Date;
  readonly finishedOn: Date;
}

/** An in-toto Statement, version 1, with a SLSA provenance predicate, version 1. */
export interface Statement {
  readonly _type: 'https://in-toto.io/Statement/v1';
  readonly subject: readonly ResourceDescriptor[];
  readonly predicateType: 'https://slsa.dev/provenance/v1';
  readonly predicate: {
    readonly buildDefinition: {
      readonly buildType: string;
      readonly externalParameters: Parameters;
      readonly internalParameters: Parameters;
      readonly resolvedDependencies: readonly ResourceDescriptor[];
    };
    readonly runDetails: {
      readonly builder: { readonly id: string; readonly version: Readonly<Record<string, string>> };
      readonly metadata: {
        readonly invocationId: string;
        readonly startedOn: string;
        readonly finishedOn: string;
      };
      readonly byproducts: readonly ResourceDescriptor[];
    };
  };
}

/** docs/provenance.md describes both. They are package URLs, since the project has no address of its own. */
export const BUILD_TYPE = 'pkg:generic/netsil-builder?build_type=v1#docs/provenance.md';
export const BUILDER_ID = 'pkg:generic/netsil-builder#docs/provenance.md';

/**
 * The statement that ties an output's files to all that they were made of. Pure: the same facts make the same statement,
 * whatever the order in which files were finished.
 */
export function provenanceStatement(facts: ProvenanceFacts): Statement {
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: described(facts.files.filter(({ kind }) => kind !== 'byproduct')),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: facts.externalParameters,
        internalParameters: facts.internalParameters,
        resolvedDependencies: facts.dependencies,
      },
      runDetails: {
        builder: { id: BUILDER_ID, version: { 'netsil-builder': facts.version } },
        metadata: {
          invocationId: facts.invocationId,
          startedOn: facts.startedOn.toISOString(),
          finishedOn: facts.finishedOn.toISOString(),
        },
        byproducts: described(facts.files.filter(({ kind }) => kind === 'byproduct')),
      },
    },
  };
}

function described(files: readonly OutputFile[]): ResourceDescriptor[] {
  const sorted = [...files].sort((one, other) => (one.file < other.file ? -1 : 1));
  return sorted.map(({ file, sha256 }) => ({ name: file, digest: { sha256 } }));
}

import { z } from 'zod';

/**
 * What the specifications ask of a provenance statement: in-toto's Statement, ResourceDescriptor, DigestSet and field types
 * (version 1), and SLSA's provenance predicate (version 1). Fields that they do not have are refused.
 */

/** RFC 3986, with scheme and authority in lower case. */
const Uri = z.string().refine((text) => {
  const [, scheme, authority = ''] =
    /^([a-z][a-z0-9+.-]*):(?:\/\/([^/?#]*))?[^\s"<>\\^`{|}]+$/i.exec(text) ?? [];
  return scheme !== undefined && scheme === scheme.toLowerCase() && authority === authority.toLowerCase();
}, 'expected a normalised URI');

/** RFC 3339, in UTC. */
const Timestamp = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);

const hex = (...digits: readonly number[]): z.ZodString =>
  z.string().regex(new RegExp(`^(${digits.map((count) => `[0-9a-f]{${count}}`).join('|')})$`));

const DigestSet = z
  .strictObject({
    sha256: hex(64).optional(),
    sha512: hex(128).optional(),
    md5: hex(32).optional(),
    dirHash: hex(64).optional(),
    gitCommit: hex(40, 64).optional(),
  })
  .refine((digests) => Object.keys(digests).length > 0, 'expected a digest');

const Descriptor = z
  .strictObject({
    name: z.string().optional(),
    uri: Uri.optional(),
    digest: DigestSet.optional(),
    annotations: z.record(z.string(), z.json()).optional(),
  })
  .refine(({ uri, digest }) => uri !== undefined || digest !== undefined, 'expected uri or digest');

const Subjects = z
  .array(Descriptor)
  .min(1)
  .refine((all) => all.every(({ digest }) => digest !== undefined), 'each subject must have a digest')
  .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'names should be unique');

const Parameters = z.record(z.string().regex(/^[^_]+$/, 'underscores are for extensions'), z.json());

const BuildDefinition = z
  .strictObject({
    buildType: Uri,
    externalParameters: Parameters,
    internalParameters: Parameters,
    resolvedDependencies: z.array(Descriptor),
  })
  .refine(
    ({ externalParameters: one, internalParameters: other }) =>
      Object.keys(one).every((name) => !Object.hasOwn(other, name)),
    'no name should be in both parameters',
  );

const RunDetails = z.strictObject({
  builder: z.strictObject({ id: Uri, version: z.record(z.string(), z.string()) }),
  metadata: z.strictObject({
    invocationId: z.string().min(1),
    startedOn: Timestamp,
    finishedOn: Timestamp,
  }),
  byproducts: z.array(Descriptor),
});

/** A statement as the specifications want it. */
export const ProvenanceStatement = z.strictObject({
  _type: z.literal('https://in-toto.io/Statement/v1'),
  subject: Subjects,
  predicateType: z.literal('https://slsa.dev/provenance/v1'),
  predicate: z.strictObject({ buildDefinition: BuildDefinition, runDetails: RunDetails }),
});
export type ProvenanceStatement = z.infer<typeof ProvenanceStatement>;

import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import type { Checkout } from '../../attest/git-checkouts.ts';
import { sourceDependencies } from '../../attest/source-dependencies.ts';
import {
  type ParameterValue,
  type ProvenanceFacts,
  provenanceStatement,
  type ResourceDescriptor,
} from '../../attest/statement.ts';
import { isUrl, shownUrl } from '../../base/web-address.ts';
import type { PreparedBase } from '../../base/prepare-base.ts';
import type { DigestedFile } from '../../layers/file-inputs.ts';
import type { LayerPlan } from '../../layers/plan-layers.ts';
import type { LayerStore } from '../../layers/store.ts';
import { type OutputDocument, textDocument } from '../../output/document.ts';
import type { Manifest } from '../../output/manifest.ts';
import type { ImagePlan } from '../../plan/build-plan.ts';
import { redactedJson } from '../../system/secrets.ts';
import { VERSION } from '../../version.ts';
import type { PreparedRun } from '../machine/prepare-machine.ts';

export const PROVENANCE_FILE = 'provenance.intoto.json';

export interface BuildProvenance {
  readonly plan: ImagePlan;
  readonly base: PreparedBase;
  readonly manifest: Pick<Manifest, 'settings' | 'tools' | 'builtAt' | 'durationMs'>;
  readonly machine: Pick<PreparedRun, 'sources' | 'layers' | 'publicKey'>;
  readonly runId: string;
}

/** The statement of what an output was made of: an in-toto Statement with SLSA provenance. */
export function provenanceDocument(build: BuildProvenance): OutputDocument {
  return textDocument(PROVENANCE_FILE, 'description', async ({ files }) => {
    const layering = build.machine.layers?.layering;
    const layers = layering === undefined ? [] : await layersOf(layering.store, layering.plan);
    return redactedJson(provenanceStatement({ ...buildFacts(build, layers), files }));
  });
}

function buildFacts(
  build: BuildProvenance,
  layers: readonly ParameterValue[],
): Omit<ProvenanceFacts, 'files'> {
  const { plan, base, manifest, machine, runId } = build;
  const { sources, publicKey } = machine;
  const { settings, tools, builtAt, durationMs = 0 } = manifest;
  const { accelerator = '', ...hardware } = settings;
  const finishedOn = new Date(builtAt);
  return {
    externalParameters: {
      imageName: plan.settings.imageName,
      builders: plan.builders,
      template: basename(plan.templatePath),
      baseImage: plan.base.name,
      payload: basename(plan.payload.name),
      formats: plan.formats,
      acceleratorWish: plan.settings.accelerator,
      ...hardware,
      // Without its comment, which often names a person and a computer.
      sshPublicKey: publicKey.split(' ').slice(0, 2).join(' '),
    },
    internalParameters: { accelerator, tools, layers, unknownReads: sources.unknown },
    dependencies: [
      ...baseDependencies(plan, base, sources.baseDigest),
      ...sources.checkouts.map(checkoutDependency),
      ...givenDependencies(plan, sources.files),
      ...sourceDependencies(sources.files.filter(({ path }) => !isGiven(plan, path))),
    ],
    version: VERSION,
    // The beginning is the name of the build's folder of logs; alone it would not be unique in the world.
    invocationId: `${runId}-${randomBytes(8).toString('hex')}`,
    startedOn: new Date(finishedOn.getTime() - durationMs),
    finishedOn,
  };
}

/** The base image as it was given, and its disk when that is another file: unpacked, or checked by another algorithm. */
function baseDependencies(
  { base: choice }: ImagePlan,
  { checksum, family, source }: PreparedBase,
  diskDigest: string | undefined,
): readonly ResourceDescriptor[] {
  const given = {
    name: `base image ${choice.name}`,
    ...(isUrl(source) ? { uri: source } : {}),
    digest: { [checksum.algorithm]: checksum.hex },
    annotations: { family },
  };
  if (diskDigest === undefined || diskDigest === checksum.hex) return [given];
  return [given, { name: 'base disk', digest: { sha256: diskDigest } }];
}

function checkoutDependency({ commit, remote, files, changed }: Checkout): ResourceDescriptor {
  return {
    name: 'git checkout',
    ...(remote === undefined ? {} : { uri: `${remote}@${commit}` }),
    digest: { gitCommit: commit },
    annotations: { holds: files, dirty: changed.length > 0, changed },
  };
}

/** Files that go into the image as they are, by the playbook's variables that name them. */
const GIVEN_FILES = [
  { name: 'DC/OS installer', variable: 'dcos_installer' },
  { name: 'Python archive', variable: 'python_archive' },
] as const;

function isGiven({ payload }: ImagePlan, path: string): boolean {
  return GIVEN_FILES.some(({ variable }) => payload.variables[variable] === path);
}

function givenDependencies(
  { payload }: ImagePlan,
  files: readonly DigestedFile[],
): readonly ResourceDescriptor[] {
  return GIVEN_FILES.flatMap(({ name, variable }): ResourceDescriptor[] => {
    const location = payload.variables[variable];
    if (typeof location !== 'string') return [];
    const read = files.find(({ path }) => path === location)?.sha256;
    const sha256 = read ?? payload.variables[`${variable}_sha256`];
    const uri = isUrl(location) ? { uri: shownUrl(location) } : {};
    if (typeof sha256 !== 'string') return 'uri' in uri ? [{ name, ...uri }] : [];
    return [{ name: `${name} ${basename(uri.uri ?? location)}`, ...uri, digest: { sha256 } }];
  });
}

/** The layers from the machine on: what each is made of by its key, and when the one that was used was made. */
export async function layersOf(
  store: Pick<LayerStore, 'list'>,
  { layers }: LayerPlan,
): Promise<readonly ParameterValue[]> {
  const madeAt = new Map((await store.list()).map(({ record }) => [record.key, record.madeAt]));
  return layers.map(({ name, key, state }) => {
    const builtOn = madeAt.get(key);
    return {
      ...{ name, key, state: state === 'cached' ? 'cached' : 'built' },
      ...(builtOn === undefined ? {} : { builtOn }),
    };
  });
}

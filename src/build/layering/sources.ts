import { basename } from 'node:path';
import { type Checkout, readCheckouts } from '../../attest/git-checkouts.ts';
import { distinctSources, sourceName } from '../../attest/source-dependencies.ts';
import { BuilderError, Interrupted } from '../../errors.ts';
import { type DigestedFile, digestFiles } from '../../layers/file-inputs.ts';
import { type BuildInputs, buildInputs, type InputsRequest } from './build-inputs.ts';
import type { BuildContext } from '../context.ts';

/** What a build is made of, as it was before Packer ran. */
export interface Sources {
  /** Template, playbooks, roles and whatever else is read; each path once. */
  readonly files: readonly DigestedFile[];
  /** The disk that everything stands on; undefined when nothing but the template could be looked at. */
  readonly baseDigest: string | undefined;
  readonly checkouts: readonly Checkout[];
  /** Places where it cannot be known what a playbook reads. */
  readonly unknown: readonly string[];
}

/**
 * Looks at all that a build reads. `known` is what its layers are made of; for a build without layers the same is found
 * out here, and what cannot be read is told, since Packer may manage with it.
 */
export async function readSources(
  request: InputsRequest,
  known: BuildInputs | undefined,
  context: BuildContext,
): Promise<Sources> {
  const { plan, digests } = request;
  const template = { name: `template ${basename(plan.templatePath)}`, path: plan.templatePath };
  const inputs = known ?? (await inputsIfReadable(request, context));
  const read = distinctSources(inputs?.files ?? []);
  const files = [...(await digestFiles([template], digests)), ...read];
  const checkouts = await readCheckouts(files, context.signal);
  return {
    files,
    baseDigest: inputs?.baseDigest,
    checkouts: checkouts.map(bySource),
    unknown: inputs?.unknown ?? ['what the playbooks read was not found out'],
  };
}

async function inputsIfReadable(
  request: InputsRequest,
  context: BuildContext,
): Promise<BuildInputs | undefined> {
  // An AMI alone leaves no output that a statement could be about.
  if (!request.plan.types.types.includes('qemu')) return undefined;
  try {
    return await buildInputs(request, context);
  } catch (thrown) {
    if (!(thrown instanceof BuilderError) || thrown instanceof Interrupted) throw thrown;
    const text = `the provenance will not name what the playbooks read: ${thrown.message}`;
    context.emit({ type: 'notice', level: 'warning', text });
    return undefined;
  }
}

/** A role is one thing that a checkout holds, whatever its files. */
function bySource(checkout: Checkout): Checkout {
  return { ...checkout, files: [...new Set(checkout.files.map((name) => sourceName({ name })))] };
}

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Artifact, runPhase } from '../../events.ts';
import { formatNamed } from '../../images/formats.ts';
import { PROOF_FOLDER } from '../../output/proof-record.ts';
import { bootImages } from '../../prove/boot-images.ts';
import { type OpenedImage, openImage } from '../../prove/opened-image.ts';
import { Scope } from '../../system/scope.ts';
import type { BuildContext } from '../context.ts';
import type { PreparedRun, PrepareRequest } from '../machine/prepare-machine.ts';
import { hostResources, proofTerms } from './proof-terms.ts';
import { guestOf } from './proof-target.ts';

/**
 * Boots the images of a build, which the conversion has compared already, before they get their stamp. The evidence stays
 * beside them. Fails with `proof-failed`.
 */
export async function proveOutput(
  { plan, base, workspace }: Pick<PrepareRequest, 'plan' | 'base' | 'workspace'>,
  { artifacts, machine }: { readonly artifacts: readonly Artifact[]; readonly machine: PreparedRun },
  { emit, signal }: BuildContext,
): Promise<void> {
  await using scope = new Scope();
  const { workFolder, runId } = workspace;
  const evidenceFolder = join(workFolder, PROOF_FOLDER);
  const basis = {
    ...guestOf(base.source === 'embedded' ? undefined : base.family),
    user: base.sshUser,
    keyPath: machine.keyPath,
    publicKey: machine.publicKey,
    payload: plan.payload.name,
  };
  const { settings, accelerator, userChecks } = plan;
  const terms = proofTerms(settings, accelerator.accelerator, basis, userChecks);
  await runPhase(emit, 'prove', "boot each image on hardware like its target's", async () => {
    await mkdir(evidenceFolder);
    const images: OpenedImage[] = [];
    for (const { file, format } of artifacts) {
      const image = { path: join(workFolder, file), format: formatNamed(format) };
      images.push(await openImage(scope, image, evidenceFolder, signal));
    }
    await bootImages({
      images,
      terms: { ...terms, evidenceFolder, runId, signal },
      host: hostResources(),
      emit,
    });
  });
}

import { dirname } from 'node:path';
import { AwsRegion } from '../../aws/aws-region.ts';
import { parseAmiIds, readBuiltAmi, requireImdsV2 } from '../../aws/built-ami.ts';
import type { SourceAmi } from '../../aws/source-ami.ts';
import { UnfinishedImages } from '../../aws/unfinished-images.ts';
import { asError, BuilderError } from '../../errors.ts';
import { type Ami, type BuildEvent, runPhase } from '../../events.ts';
import { INSTANCE_STEPS } from '../../packer/phases.ts';
import { runPacker } from '../../packer/run-packer.ts';
import { builderNames } from '../../packer/template.ts';
import type { PayloadPlan } from '../../plan/payload.ts';
import type { BaseFamily } from '../../settings/settings.ts';
import { displayArgv } from '../../system/process.ts';
import { Scope } from '../../system/scope.ts';
import { awsKeysOf } from './aws-keys.ts';
import type { BuildContext } from '../context.ts';
import { discardUnfinished } from './discard-unfinished.ts';
import { packerEnvironment } from '../machine/packer-environment.ts';
import { type AmiRequest, prepareInstance } from './prepare-instance.ts';

/** An AMI that is there, and what it was made of. */
export interface FinishedAmi {
  /** Undefined when a template of the user's own names another one. */
  readonly source: SourceAmi | undefined;
  readonly family: BaseFamily;
  readonly payload: PayloadPlan;
  readonly amis: readonly Ami[];
  /** How to log in to an instance of it. */
  readonly login: string;
}

/** To terminate the instance and remove what was made for it takes AWS a minute or two; a second Ctrl-C cuts it off. */
const STOP_TIMEOUT_MS = 10 * 60_000;

/**
 * Makes an AMI by Packer's amazon-ebs builder: an instance of the source AMI, provisioned by the same roles, becomes an
 * image. Fails with `source-ami-missing`, what AWS refuses, or as `runPacker`; Packer removes what it made then.
 */
export async function buildAmi(request: AmiRequest, context: BuildContext): Promise<FinishedAmi> {
  await using scope = new Scope();
  const { plan, workspace, keys } = request;
  const { emit, signal } = context;
  const keysOfAws = awsKeysOf(plan.settings);
  const region = new AwsRegion(plan.settings.aws.region, { keys: keysOfAws, signal, work: 'packer' });
  scope.defer(() => region.close());
  const prepared = await runPhase(emit, 'ami-prepare', 'find the source AMI', () =>
    prepareInstance(region, request, context),
  );
  const { family, source, payload, sshUser, templatePath, variableFile } = prepared;
  const builders = builderNames(plan.template, ['amazon-ebs']);
  const unfinished = new UnfinishedImages();
  const listen = (event: BuildEvent): void => {
    if (event.type === 'tool-output' && builders.includes(event.tool)) unfinished.line(event.line);
  };
  scope.defer(context.subscribe(listen));
  const made = await runPacker({
    templatePath,
    variableFile,
    builders,
    steps: INSTANCE_STEPS,
    cwd: dirname(plan.templatePath),
    env: { ...packerEnvironment(plan, workspace, context.env), ...waiting(context.env) },
    emit,
    signal,
    stopTimeoutMs: STOP_TIMEOUT_MS,
  }).catch(async (thrown: unknown) => {
    await discardUnfinished(unfinished, { region: region.name, keys: keysOfAws, emit });
    throw thrown;
  });
  const amis = await runPhase(emit, 'ami-finish', 'read back the AMI, and require IMDSv2', () =>
    finishAmis(region, made.flatMap(parseAmiIds), context),
  );
  const login = displayArgv(['ssh', '-i', keys.privateKeyPath, `${sshUser}@ADDRESS`]);
  return { source, family, payload, amis, login };
}

/**
 * How long Packer waits for each thing that AWS does: an hour, since an image of a large disk takes that. Its own ten minutes
 * are too short; and AWS's other tools take the same variable for how often they try a request.
 */
function waiting(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const delaySeconds = Number(env['AWS_POLL_DELAY_SECONDS']) || 15;
  return {
    AWS_POLL_DELAY_SECONDS: String(delaySeconds),
    AWS_MAX_ATTEMPTS: String(Math.ceil(3600 / delaySeconds)),
  };
}

/** That metadata need IMDSv2 is asked for last: an AMI without it is an AMI all the same. */
async function finishAmis(
  region: AwsRegion,
  ids: readonly { readonly region: string; readonly id: string }[],
  { emit }: BuildContext,
): Promise<readonly Ami[]> {
  const amis: Ami[] = [];
  for (const { id } of ids.filter((each) => each.region === region.name)) {
    const ami = await readBuiltAmi(region, id);
    amis.push(ami);
    emit({ type: 'ami-made', ...ami });
    await requireImdsV2(region, id).catch((thrown: unknown) => {
      const text = `the AMI ${id} does not require IMDSv2: ${asError(thrown).message}`;
      emit({ type: 'notice', level: 'warning', text });
    });
  }
  if (amis.length > 0) return amis;
  throw new BuilderError('packer-failed', 'Packer ended well, but told of no AMI', {
    hint: 'the log has what it said; look for the AMI in the EC2 console',
  });
}

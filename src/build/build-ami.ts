import { dirname, join } from 'node:path';
import { AwsRegion } from '../aws/aws-region.ts';
import { parseAmiIds, readBuiltAmi, requireImdsV2 } from '../aws/built-ami.ts';
import { amiUserOf, findSourceAmi, type SourceAmi } from '../aws/source-ami.ts';
import { UnfinishedImages } from '../aws/unfinished-images.ts';
import { asError, BuilderError } from '../errors.ts';
import { type Ami, type BuildEvent, runPhase } from '../events.ts';
import type { PreparedKeys } from '../keys/keys.ts';
import { resolveTemplateFolder } from '../packer/compile.ts';
import { INSTANCE_STEPS } from '../packer/phases.ts';
import { runPacker } from '../packer/run-packer.ts';
import { declaredVariables } from '../packer/template-values.ts';
import { builderNames } from '../packer/template.ts';
import type { BuildPlan } from '../plan/build-plan.ts';
import { type PayloadPlan, planPayload } from '../plan/payload.ts';
import { findInstaller } from '../preflight/checks.ts';
import type { BaseFamily } from '../settings/settings.ts';
import { writeFileWhole } from '../system/files.ts';
import { displayArgv } from '../system/process.ts';
import { Scope } from '../system/scope.ts';
import { planUserData } from '../userdata/user-data.ts';
import { awsKeysOf } from './aws-keys.ts';
import { amiVariables, type PreparedAmi } from './ami-variables.ts';
import type { BuildContext } from './context.ts';
import { discardUnfinished } from './discard-unfinished.ts';
import { packerEnvironment } from './packer-environment.ts';
import type { Workspace } from './workspace.ts';

/** An AMI that is there, and what it was made of. */
export interface FinishedAmi {
  readonly source: SourceAmi;
  readonly family: BaseFamily;
  readonly payload: PayloadPlan;
  readonly amis: readonly Ami[];
  /** How to log in to an instance of it. */
  readonly login: string;
}

export interface AmiRequest {
  readonly plan: BuildPlan;
  readonly workspace: Workspace;
  readonly keys: PreparedKeys;
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
  const region = new AwsRegion(plan.settings.aws.region, awsKeysOf(plan.settings), signal);
  scope.defer(() => region.close());
  const prepared = await runPhase(emit, 'ami-prepare', 'find the source AMI', () =>
    prepareAmi(region, request, context),
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
    await discardUnfinished(unfinished, { region: region.name, keys: awsKeysOf(plan.settings), emit });
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

interface PreparedPacker extends PreparedAmi {
  readonly family: BaseFamily;
  readonly templatePath: string;
  readonly variableFile: string;
}

async function prepareAmi(
  region: AwsRegion,
  { plan, workspace, keys }: AmiRequest,
  { programFolder, emit }: BuildContext,
): Promise<PreparedPacker> {
  const { settings, template } = plan;
  const source = await findSourceAmi(region, settings.aws.sourceAmi);
  const family = familyOf(source, settings.base.family);
  const text = `the AMI is built from ${source.id} (${source.name}) in ${region.name}`;
  emit({ type: 'notice', level: 'info', text });
  const payload = planPayload({
    choice: settings.payload,
    installer: await findInstaller(settings),
    pythonArchive: settings.pythonArchive,
    base: { family, name: source.name },
    ansibleFolder: join(programFolder, 'ansible'),
  });
  const userDataFile = join(workspace.runFolder, 'ami-user-data');
  const userData = planUserData({ family, publicKey: keys.publicKey, hostname: settings.imageName });
  await writeFileWhole(userDataFile, userData.text);
  const sshUser = settings.aws.sshUsername ?? amiUserOf(family);
  const prepared = { source, sshUser, userDataFile, payload };
  const templatePath = join(workspace.logFolder, 'ami-packer-config.json');
  await writeFileWhole(templatePath, jsonText(resolveTemplateFolder(template, dirname(plan.templatePath))));
  const variableFile = join(workspace.logFolder, 'ami-packer-variables.json');
  await writeFileWhole(variableFile, jsonText(declaredVariables(amiVariables(settings, prepared), template)));
  return { ...prepared, family, templatePath, variableFile };
}

function jsonText(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** What an AMI is made of decides its user data, its user and its Python. */
function familyOf({ id, name, family }: SourceAmi, told: BaseFamily | undefined): BaseFamily {
  const known = family ?? told;
  if (known !== undefined) return known;
  throw new BuilderError('settings-invalid', `what ${id} (${JSON.stringify(name)}) is made of is not known`, {
    hint: 'set BASE_FAMILY to what it is: coreos, flatcar, fedora-coreos, debian or ubuntu',
  });
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

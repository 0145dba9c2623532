import { dirname, join } from 'node:path';
import type { AwsRegion } from '../../aws/aws-region.ts';
import { amiUserOf, findSourceAmi, type SourceAmi } from '../../aws/source-ami.ts';
import { BuilderError } from '../../errors.ts';
import type { PreparedKeys } from '../../keys/keys.ts';
import { resolveTemplateFolder } from '../../packer/compile.ts';
import { takesSourceAmi } from '../../packer/source-variables.ts';
import { declaredVariables } from '../../packer/template-values.ts';
import type { BuildPlan } from '../../plan/build-plan.ts';
import { planPayload } from '../../plan/payload.ts';
import { findInstaller } from '../../preflight/checks.ts';
import type { BaseFamily } from '../../settings/settings.ts';
import { writeFileWhole } from '../../system/files.ts';
import { planUserData } from '../../userdata/user-data.ts';
import { amiVariables, type PreparedAmi } from './ami-variables.ts';
import type { BuildContext } from '../context.ts';
import type { Workspace } from '../workspace.ts';

export interface AmiRequest {
  readonly plan: BuildPlan;
  readonly workspace: Workspace;
  readonly keys: PreparedKeys;
}

/** What Packer is started with for an AMI. */
export interface PreparedInstance extends PreparedAmi {
  readonly family: BaseFamily;
  readonly templatePath: string;
  readonly variableFile: string;
}

/**
 * Finds the source AMI, if the template takes it from here, and prepares user data, template and variables. Template and
 * variables stay beside the log. Fails with `credentials-missing`, `source-ami-missing`, `settings-invalid` when what the
 * source is made of is not known, or as `planPayload`.
 */
export async function prepareInstance(
  region: AwsRegion,
  { plan, workspace, keys }: AmiRequest,
  { programFolder, emit }: BuildContext,
): Promise<PreparedInstance> {
  const { settings, template } = plan;
  await region.requireCredentials();
  const source = takesSourceAmi(template) ? await findSourceAmi(region, settings.aws.sourceAmi) : undefined;
  const family = familyOf(source, settings.base.family);
  if (source !== undefined) {
    const text = `the AMI is built from ${source.id} (${source.name}) in ${region.name}`;
    emit({ type: 'notice', level: 'info', text });
  }
  const payload = planPayload({
    choice: settings.payload,
    installer: await findInstaller(settings),
    pythonArchive: settings.pythonArchive,
    base: { family, name: source?.name ?? family },
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
function familyOf(source: SourceAmi | undefined, told: BaseFamily | undefined): BaseFamily {
  const known = source?.family ?? told;
  if (known !== undefined) return known;
  const what =
    source === undefined ? "the template's source AMI" : `${source.id} (${JSON.stringify(source.name)})`;
  throw new BuilderError('settings-invalid', `what ${what} is made of is not known`, {
    hint: 'set BASE_FAMILY to what it is: coreos, flatcar, fedora-coreos, debian or ubuntu',
  });
}

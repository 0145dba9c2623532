import { basename, join } from 'node:path';
import type { PreparedBase } from '../base/prepare-base.ts';
import { prepareKeys } from '../keys/keys.ts';
import { compileTemplate } from '../packer/compile.ts';
import type { PackerTemplate } from '../packer/template.ts';
import type { BuildPlan } from '../plan/build-plan.ts';
import { writeFileWhole } from '../system/files.ts';
import { displayArgv } from '../system/process.ts';
import { planUserData, type UserData } from '../userdata/user-data.ts';
import { writeUserData } from '../userdata/write-user-data.ts';
import { packerVariables } from './packer-variables.ts';
import { linkPlainPaths } from './plain-paths.ts';
import type { BuildContext } from './context.ts';
import type { Workspace } from './workspace.ts';

/** What Packer is started with. */
export interface PreparedRun {
  readonly templatePath: string;
  readonly variableFile: string;
  /** QEMU's second monitor. */
  readonly monitorSocket: string;
  /** How to log in to a machine of the finished images. */
  readonly login: string;
}

/** QEMU's own empty block device, for a machine that gets its user data another way than by a drive. */
const NO_DRIVE = 'null-co://';

/** Prepares keys, user data, and the template that Packer runs. The compiled template stays beside the log. */
export async function prepareMachine(
  plan: BuildPlan,
  base: PreparedBase,
  workspace: Workspace,
  { programFolder, emit, signal }: BuildContext,
): Promise<PreparedRun> {
  const { settings, template } = plan;
  const keys = await prepareKeys(settings.keys, signal);
  if (keys.made) {
    emit({ type: 'notice', level: 'info', text: `made an SSH key for your images: ${keys.privateKeyPath}` });
  }
  const userData = planUserData({
    family: base.source === 'embedded' ? 'embedded' : base.family,
    publicKey: keys.publicKey,
    hostname: settings.imageName,
  });
  const injected = await placeUserData(userData, workspace, signal);
  const monitorSocket = join(workspace.runFolder, 'qmp.sock');
  const compiled = compileTemplate(template, {
    templateFolder: programFolder,
    accelerator: plan.accelerator.accelerator,
    baseFormat: base.format,
    monitorSocket,
  });
  const templatePath = join(workspace.logFolder, 'packer-config.json');
  await writeFileWhole(templatePath, `${JSON.stringify(compiled, null, 2)}\n`);
  const paths = await linkPlainPaths(workspace.runFolder, {
    imagePath: settings.imagePath,
    logFolder: workspace.logFolder,
    baseImage: base.path,
    privateKey: keys.privateKeyPath,
  });
  const variables = packerVariables(plan, {
    ...paths,
    baseVirtualBytes: base.virtualSizeBytes,
    sshUser: base.sshUser,
    serialLog: join(paths.logFolder, basename(workspace.serialLog)),
    ...injected,
  });
  const variableFile = join(workspace.logFolder, 'packer-variables.json');
  await writeFileWhole(variableFile, `${JSON.stringify(declared(variables, template), null, 2)}\n`);
  const login = displayArgv(['ssh', '-i', keys.privateKeyPath, `${base.sshUser}@ADDRESS`]);
  return { templatePath, variableFile, monitorSocket, login };
}

async function placeUserData(
  data: UserData,
  { runFolder }: Workspace,
  signal: AbortSignal,
): Promise<{ configDrive: string; fwCfg: string | undefined }> {
  const file = join(runFolder, data.kind === 'ignition' ? 'config.ign' : 'config-drive.iso');
  await writeUserData(data, file, signal);
  return data.kind === 'ignition'
    ? { configDrive: NO_DRIVE, fwCfg: `name=${data.fwCfgName},file=${file}` }
    : { configDrive: file, fwCfg: undefined };
}

function declared(
  variables: Readonly<Record<string, string>>,
  template: PackerTemplate,
): Record<string, string> {
  const names = new Set(Object.keys(template.variables ?? {}));
  return Object.fromEntries(Object.entries(variables).filter(([name]) => names.has(name)));
}

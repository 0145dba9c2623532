import { basename, dirname, join } from 'node:path';
import type { PreparedBase } from '../../base/prepare-base.ts';
import { type PreparedKeys, prepareKeys } from '../../keys/keys.ts';
import type { LayerRun } from '../../layers/layer-run.ts';
import { LayerStore } from '../../layers/store.ts';
import { compileTemplate } from '../../packer/compile.ts';
import { compileLayers } from '../../packer/compile-layers.ts';
import { declaredVariables } from '../../packer/template-values.ts';
import type { BuildPlan, ImagePlan } from '../../plan/build-plan.ts';
import { FileDigests } from '../../system/file-digests.ts';
import { writeFileWhole } from '../../system/files.ts';
import { displayArgv } from '../../system/process.ts';
import type { Scope } from '../../system/scope.ts';
import { planUserData, type UserData } from '../../userdata/user-data.ts';
import { writeUserData } from '../../userdata/write-user-data.ts';
import type { BuildOptions } from '../build-options.ts';
import type { BuildContext } from '../context.ts';
import { beginLayers, type Layering, noLayersReason, openLayers } from '../layering/layering.ts';
import { packerVariables } from './packer-variables.ts';
import { linkPlainPaths, type PlainPaths } from './plain-paths.ts';
import { readSources, type Sources } from '../layering/sources.ts';
import type { Workspace } from '../workspace.ts';

/** What Packer is started with. */
export interface PreparedRun {
  readonly templatePath: string;
  readonly variableFile: string;
  /** QEMU's second monitor. */
  readonly monitorSocket: string;
  /** How to log in to a machine of the finished images. */
  readonly login: string;
  /** The private key that opens the machine. */
  readonly keyPath: string;
  /** The public key that opens it, as a line of `authorized_keys`. */
  readonly publicKey: string;
  readonly layers: PreparedLayers | undefined;
  readonly sources: Sources;
}

/** The layers that this run goes through. */
export interface PreparedLayers {
  readonly layering: Layering;
  readonly run: LayerRun;
  /** Where Packer says that it has reached a place. */
  readonly socketPath: string;
}

export interface PrepareRequest {
  readonly plan: ImagePlan;
  readonly base: PreparedBase;
  readonly tools: Readonly<Record<string, string>>;
  readonly options: BuildOptions;
  readonly workspace: Workspace;
  /** Given when the machine is only looked at: the layer to resume, or the newest one. */
  readonly shell?: { readonly layer: string | undefined };
}

/** QEMU's own empty block device, for a machine that gets its user data another way than by a drive. */
const NO_DRIVE = 'null-co://';

/**
 * Prepares keys, user data, layers, and the template that Packer runs. The compiled template stays beside the log. The
 * layers are held for this build until the scope ends.
 */
export async function prepareMachine(
  scope: Scope,
  request: PrepareRequest,
  context: BuildContext,
): Promise<PreparedRun> {
  const { plan, base, workspace } = request;
  const { settings } = plan;
  const keys = await prepareBuildKeys(plan, context);
  const userData = userDataOf(plan, base, keys.publicKey);
  const { layering, sources } = await lookAtInputs(scope, request, userData, context);
  const paths = await linkPlainPaths(workspace.runFolder, {
    imagePath: dirname(workspace.workFolder),
    logFolder: workspace.logFolder,
    baseImage: base.path,
    privateKey: keys.privateKeyPath,
    layersPath: settings.layersPath,
  });
  const injected = await placeUserData(userData, workspace, context.signal);
  const begun = await beginRun(layering, request, paths, context);
  const monitorSocket = join(workspace.runFolder, 'qmp.sock');
  const plain = compileTemplate(plan.template, {
    templateFolder: dirname(plan.templatePath),
    accelerator: plan.accelerator.accelerator,
    baseFormat: base.format,
    monitorSocket,
    outputFolder: join(paths.imagePath, basename(workspace.workFolder)),
    diskName: `${settings.imageName}.qcow2`,
  });
  const compiled = begun === undefined ? plain : compileLayers(plain, begun.layered);
  const templatePath = join(workspace.logFolder, 'packer-config.json');
  await writeFileWhole(templatePath, `${JSON.stringify(compiled, null, 2)}\n`);
  const variables = packerVariables(plan, {
    ...paths,
    baseVirtualBytes: base.virtualSizeBytes,
    sshUser: base.sshUser,
    serialLog: join(paths.logFolder, basename(workspace.serialLog)),
    ...injected,
  });
  const variableFile = join(workspace.logFolder, 'packer-variables.json');
  await writeFileWhole(
    variableFile,
    `${JSON.stringify(declaredVariables(variables, plan.template), null, 2)}\n`,
  );
  const login = displayArgv(['ssh', '-i', keys.privateKeyPath, `${base.sshUser}@ADDRESS`]);
  return {
    templatePath,
    variableFile,
    monitorSocket,
    login,
    keyPath: keys.privateKeyPath,
    publicKey: keys.publicKey,
    layers: begun,
    sources,
  };
}

/** The keys of a build; that they were made now is told. */
export async function prepareBuildKeys(
  { settings }: BuildPlan,
  { emit, signal }: BuildContext,
): Promise<PreparedKeys> {
  const keys = await prepareKeys(settings.keys, signal);
  if (keys.made) {
    const text = `made an SSH key for your images: ${keys.privateKeyPath}`;
    emit({ type: 'notice', level: 'info', text });
  }
  return keys;
}

/** What a machine of this base is told at its first boot. */
export function userDataOf({ settings }: BuildPlan, base: PreparedBase, publicKey: string): UserData {
  return planUserData({
    family: base.source === 'embedded' ? 'embedded' : base.family,
    publicKey,
    hostname: settings.imageName,
  });
}

/** Decides about the layers, and looks at all that goes into the build before any of it runs. */
async function lookAtInputs(
  scope: Scope,
  { plan, base, tools, options, workspace, shell }: PrepareRequest,
  userData: UserData,
  context: BuildContext,
): Promise<{ readonly layering: Layering | undefined; readonly sources: Sources }> {
  const digests = await FileDigests.open(join(workspace.cacheFolder, 'digests.json'));
  const request = { plan, base, userData, tools, digests };
  const reason = noLayersReason(plan, options);
  if (reason !== undefined) {
    context.emit({ type: 'notice', level: 'info', text: `this build keeps no layers: ${reason}` });
    // Nothing is kept by these keys: they need no salt.
    const sources = await readSources({ ...request, salt: '' }, undefined, context);
    return { layering: undefined, sources };
  }
  const store = new LayerStore(plan.settings.layersPath);
  await store.open();
  const inputs = { ...request, salt: await store.salt() };
  const layering = await openLayers(scope, store, inputs, { options, shell }, context);
  return { layering, sources: await readSources(inputs, layering.inputs, context) };
}

async function beginRun(
  layering: Layering | undefined,
  { plan, base, workspace }: PrepareRequest,
  paths: PlainPaths,
  { emit }: BuildContext,
): Promise<(PreparedLayers & Awaited<ReturnType<typeof beginLayers>>) | undefined> {
  if (layering === undefined) return undefined;
  const socketPath = join(workspace.runFolder, 'layers.sock');
  const outputDiskPath = join(
    paths.imagePath,
    basename(workspace.workFolder),
    `${plan.settings.imageName}.qcow2`,
  );
  const begun = await beginLayers({
    layering,
    base,
    plainStorePath: paths.layersPath,
    outputDiskPath,
    socketPath,
    emit,
  });
  return { layering, socketPath, ...begun };
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

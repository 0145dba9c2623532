import { join } from 'node:path';
import type { BuildPlan } from '../../plan/build-plan.ts';
import { EVENT_SOCKET_VARIABLE } from '../../system/event-socket.ts';
import { RUN_LABEL } from '../../system/leftovers.ts';
import type { Workspace } from '../workspace.ts';

/**
 * The environment of Packer and all that it starts; without a socket what runs inside tells nothing. AWS keys go this way,
 * as stock Packer would get them.
 */
export function packerEnvironment(
  { settings }: BuildPlan,
  workspace: Workspace,
  env: NodeJS.ProcessEnv,
  eventSocket?: string,
): NodeJS.ProcessEnv {
  const { accessKey, secretKey, region } = settings.aws;
  return {
    ...env,
    IMAGE_PATH: settings.imagePath,
    IMAGE_NAME: settings.imageName,
    ...(accessKey === undefined ? {} : { AWS_ACCESS_KEY: accessKey, AWS_SECRET_KEY: secretKey }),
    AWS_REGION: region,
    // Packer would ask the network for a newer version of itself.
    CHECKPOINT_DISABLE: '1',
    PACKER_CACHE_DIR: join(workspace.runFolder, 'packer-cache'),
    // What the user set for Ansible counts, but not for how it prints: the tasks are read from its output.
    ANSIBLE_NOCOLOR: '1',
    ANSIBLE_FORCE_COLOR: '0',
    ANSIBLE_STDOUT_CALLBACK: 'default',
    ANSIBLE_DISPLAY_FAILED_STDERR: '0',
    ANSIBLE_CALLBACK_RESULT_FORMAT: 'json',
    // A container's user may have no home that can be written to.
    ANSIBLE_LOCAL_TEMP: join(workspace.runFolder, 'ansible'),
    // A control socket may have at most 107 bytes; the folder is private and goes with the build.
    ANSIBLE_SSH_CONTROL_PATH_DIR: join(workspace.runFolder, 'cp'),
    // The conversion is started by start.sh, which must not set anything up in the middle of a build.
    NETSIL_BUILDER_PREPARED: '1',
    [RUN_LABEL]: workspace.runId,
    ...(eventSocket === undefined ? {} : { [EVENT_SOCKET_VARIABLE]: eventSocket }),
  };
}

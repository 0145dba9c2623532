import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryFolder } from '../../../src/system/files.ts';
import { ProcessError, run, type RunResult } from '../../../src/system/process.ts';
import { Scope } from '../../../src/system/scope.ts';

/**
 * Some machines give no CAP_SYS_RESOURCE to anybody, and runc refuses a privileged container there. This runc takes it
 * out of each container's description, so that the user's command stays as it is.
 */
const RUNC_WRAPPER = `#!/bin/sh
bundle=.
previous=
for word; do [ "$previous" = --bundle ] && bundle=$word; previous=$word; done
[ -f "$bundle/config.json" ] && sed -i 's/"CAP_SYS_RESOURCE",//g' "$bundle/config.json"
exec runc "$@"
`;

/** What the official image has and the Dockerfile relies on: a Debian with Node and npm in /usr/local. */
const NODE_HOOK = `#!/bin/sh
set -eu
cd "$1"
modules=usr/local/lib/node_modules
mkdir -p "$modules" etc/ssl/certs
cp "$(readlink -f "$(command -v node)")" usr/local/bin/node
npm=$(readlink -f "$(command -v npm)")
cp -a "\${npm%/bin/*}" "$modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js usr/local/bin/npm
cp /etc/ssl/certs/ca-certificates.crt etc/ssl/certs/host-ca.crt
`;

/** A Docker engine of the test's own, which ends with the scope. */
export class DockerEngine {
  readonly #env: NodeJS.ProcessEnv;

  private constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
  }

  static async start(scope: Scope): Promise<DockerEngine> {
    const folder = await temporaryFolder(scope);
    const socket = join(folder, 'docker.sock');
    const wrapper = join(folder, 'runc-test');
    await writeFile(wrapper, RUNC_WRAPPER);
    await chmod(wrapper, 0o755);
    const stop = new AbortController();
    const daemon = run(daemonArgs(folder, socket, wrapper), { signal: stop.signal, capture: false }).catch(
      () => undefined,
    );
    scope.defer(async () => {
      stop.abort();
      await daemon;
      // Podman's and Docker's network name spaces are mounts: a folder with mounts cannot be removed.
      await run(['sh', '-c', `umount "${folder}"/exec/netns/* 2>/dev/null || :`]);
    });
    // /usr/bin before /usr/local/bin: a newer client there may lack its builder.
    const path = `/usr/sbin:/usr/bin:/sbin:/bin:${process.env['PATH'] ?? ''}`;
    const engine = new DockerEngine({
      ...process.env,
      PATH: path,
      DOCKER_HOST: `unix://${socket}`,
      DOCKER_BUILDKIT: '1',
    });
    for (let attempt = 0; attempt < 120 && !(await engine.answers()); attempt += 1) await sleep(500);
    return engine;
  }

  /** Runs the user's client; a failure shows what it said. */
  async docker(args: readonly string[], acceptExitCodes: readonly number[] = []): Promise<RunResult> {
    try {
      return await run(['docker', ...args], { env: this.#env, acceptExitCodes, timeoutMs: 900_000 });
    } catch (thrown) {
      if (!(thrown instanceof ProcessError)) throw thrown;
      throw new Error(`${thrown.message}\n${thrown.tail.join('\n')}`, { cause: thrown });
    }
  }

  /** Makes a stand-in for the official Node image, which no registry is there to give: same system, same Node. */
  async importNodeImage(scope: Scope, name: string): Promise<void> {
    const folder = await temporaryFolder(scope, '/dev/shm');
    const hook = join(folder, 'hook.sh');
    const archive = join(folder, 'base.tar');
    await writeFile(hook, NODE_HOOK);
    await chmod(hook, 0o755);
    await mkdir(join(folder, 'tmp'));
    await run(standInArgs(hook, archive), {
      env: { ...process.env, TMPDIR: join(folder, 'tmp') },
      timeoutMs: 300_000,
    });
    const changes = [
      '--change',
      'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/host-ca.crt',
      '--change',
      'CMD ["node"]',
    ];
    await this.docker(['import', ...changes, archive, name]);
  }

  async answers(): Promise<boolean> {
    const { exitCode } = await this.docker(['info'], [1]);
    return exitCode === 0;
  }
}

function daemonArgs(folder: string, socket: string, wrapper: string): string[] {
  return [
    ...['dockerd', '--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')],
    ...['--pidfile', join(folder, 'pid'), '--host', `unix://${socket}`],
    ...['--add-runtime', `test=${wrapper}`, '--default-runtime', 'test'],
  ];
}

function standInArgs(hook: string, archive: string): string[] {
  const excluded = ['/usr/share/man/*', '/usr/share/locale/*', '/usr/share/doc/*'];
  return [
    ...['mmdebstrap', '--quiet', '--variant=minbase', '--dpkgopt=force-unsafe-io'],
    ...excluded.map((path) => `--dpkgopt=path-exclude=${path}`),
    `--customize-hook=${hook}`,
    ...['bookworm', archive],
  ];
}

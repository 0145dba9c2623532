import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { temporaryFolder } from '../../src/system/files.ts';
import { run } from '../../src/system/process.ts';
import { Scope } from '../../src/system/scope.ts';
import { FakeExecutables } from '../fakes/executable/fake-executables.ts';

const PROJECT_FOLDER = join(import.meta.dirname, '../..');

/** The files that the Dockerfile puts into the image: what the program needs, and no more. */
export async function dockerfileSources(): Promise<string[]> {
  const dockerfile = await readFile(join(PROJECT_FOLDER, 'Dockerfile'), 'utf8');
  return [...dockerfile.matchAll(/^COPY (.+) \S+$/gm)].flatMap(([, sources = '']) => sources.split(' '));
}

/** Makes an installed program in a folder, as the Dockerfile does: its files, the bundle, no libraries. */
export async function installProgram(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const name of await dockerfileSources()) {
    await cp(join(PROJECT_FOLDER, name), join(folder, name), { recursive: true });
  }
  await linkLibraries(folder);
  await run([process.execPath, 'build.mjs'], { cwd: folder });
  await rm(join(folder, 'node_modules'), { recursive: true });
  return folder;
}

/**
 * Gives a copy the libraries, as if `npm ci` had been there. Each by a link of its own in a folder of the copy's: through
 * a link to the whole folder, `npm ci` in the copy would empty the checkout's.
 */
export async function linkLibraries(folder: string): Promise<void> {
  const libraries = join(PROJECT_FOLDER, 'node_modules');
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  await mkdir(join(folder, 'node_modules'));
  for (const name of [...Object.keys(manifest.dependencies), 'esbuild']) {
    const link = join(folder, 'node_modules', name);
    // A name may have a scope: @aws-sdk/client-ebs.
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(libraries, name), link);
  }
  await writeFile(join(folder, 'node_modules/.package-lock.json'), '{}');
}

export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A run of the installed program. */
export interface Running {
  readonly pid: number;
  readonly kill: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<Ended>;
}

export interface StartOptions {
  readonly cwd?: string;
}

/**
 * An installed program, an IMAGE_PATH with a small base disk, a key, and fakes of Packer and Ansible that tell their
 * versions; what `packer build` does is up to the test. Gone when the block ends.
 */
export class BuildRig implements AsyncDisposable {
  readonly scope = new Scope();
  readonly folder: string;
  readonly programFolder: string;
  readonly fakes: FakeExecutables;
  /** The environment of a user who names a base image and a playbook; tests change what they are about. */
  env: Record<string, string> = {};

  private constructor(folder: string, programFolder: string, fakes: FakeExecutables) {
    this.folder = folder;
    this.programFolder = programFolder;
    this.fakes = fakes;
  }

  /** Without a program folder of its own it installs one. */
  static async open(programFolder?: string): Promise<BuildRig> {
    const scope = new Scope();
    const folder = await temporaryFolder(scope);
    const fakes = await FakeExecutables.create();
    const program = programFolder ?? (await installProgram(join(folder, 'program')));
    const rig = new BuildRig(folder, program, fakes);
    rig.scope.defer(() => scope[Symbol.asyncDispose]());
    rig.scope.defer(() => fakes[Symbol.asyncDispose]());
    await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', rig.at('key')]);
    await run(['qemu-img', 'create', '-q', '-f', 'qcow2', rig.at('base.qcow2'), '32M']);
    // Nothing that a test does may set up anything for real.
    for (const name of ['npm', 'apt-get', 'sudo']) await rig.tool(name, `${name} must not be called`, 1);
    await rig.tool('ansible-playbook', 'ansible-playbook [core 2.14.18]');
    rig.env = {
      PATH: `${fakes.folder}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
      HOME: rig.folder,
      NETSIL_BUILDER_PREPARED: '1',
      IMAGE_PATH: rig.at('images'),
      IMAGE_NAME: 'small',
      SSH_PRIVATE_KEY: rig.at('key'),
      BASE_IMAGE: rig.at('base.qcow2'),
      BASE_FAMILY: 'debian',
      PAYLOAD: 'container-host',
      PROVE: 'compare',
      ACCELERATOR: 'tcg',
    };
    return rig;
  }

  at(name: string): string {
    return join(this.folder, name);
  }

  get imagePath(): string {
    return this.env['IMAGE_PATH'] ?? '';
  }

  start(args: readonly string[], extra: NodeJS.ProcessEnv = {}, options: StartOptions = {}): Running {
    const child = spawn(join(this.programFolder, 'start.sh'), args, {
      cwd: options.cwd ?? this.folder,
      env: { ...this.env, ...extra },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.scope.defer(() => {
      child.kill('SIGKILL');
    });
    return { pid: child.pid ?? -1, kill: (signal) => void child.kill(signal), ended: collect(child) };
  }

  run(args: readonly string[], extra: NodeJS.ProcessEnv = {}, options: StartOptions = {}): Promise<Ended> {
    return this.start(args, extra, options).ended;
  }

  /** What a user sees in IMAGE_PATH: no dot files. */
  async visible(): Promise<string[]> {
    const names = await readdir(this.imagePath).catch(() => []);
    return names.filter((name) => !name.startsWith('.')).sort();
  }

  /** The text of every file under IMAGE_PATH, for what must not be in any. */
  async everythingWritten(): Promise<string> {
    const names = await readdir(this.imagePath, { recursive: true, withFileTypes: true });
    const files = names
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
    return (await Promise.all(files.map((file) => readFile(file, 'latin1')))).join('\n');
  }

  /** Puts a tool in place that says this line and ends with this exit code. */
  async tool(name: string, line: string, exitCode = 0): Promise<void> {
    const script = `#!/bin/sh\necho '${line}'\nexit ${exitCode}\n`;
    await writeFile(join(this.fakes.folder, name), script, { mode: 0o755 });
  }

  async write(name: string, text: string): Promise<string> {
    await mkdir(dirname(this.at(name)), { recursive: true });
    await writeFile(this.at(name), text);
    return this.at(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.scope[Symbol.asyncDispose]();
  }
}

async function collect(child: ChildProcess): Promise<Ended> {
  const texts = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (texts.stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (texts.stderr += text));
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return { exitCode, ...texts };
}

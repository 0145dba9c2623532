import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BuildEvent, LayerRow } from '../../../src/events.ts';
import { hashFile, temporaryFolder } from '../../../src/system/files.ts';
import { run } from '../../../src/system/process.ts';
import type { Scope } from '../../../src/system/scope.ts';
import { PROJECT_FOLDER, START, userEnvironment } from './program.ts';
import { tinyBase } from './tiny-base.ts';

const FIXTURE = join(PROJECT_FOLDER, 'test/fixtures/layers');

/** What only time and chance write: the last provisioner writes both into the image on purpose. */
export const ALLOWED_DIFFERENCES = ['/srv/random', '/srv/time'];

/** How a run of the program ended, and all that it said. */
export class Outcome {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;

  constructor(exitCode: number | null, stdout: string, stderr: string, seconds: number) {
    this.exitCode = exitCode;
    this.stdout = stdout;
    this.stderr = stderr;
    this.seconds = seconds;
  }

  /** The events of a run with `--progress json`. */
  get events(): readonly BuildEvent[] {
    return this.stdout
      .split('\n')
      .filter((line) => line.startsWith('{"type":'))
      .map((line) => JSON.parse(line) as BuildEvent);
  }

  of<Type extends BuildEvent['type']>(type: Type): Extract<BuildEvent, { type: Type }>[] {
    return this.events.filter((event): event is Extract<BuildEvent, { type: Type }> => event.type === type);
  }

  /** The layer that the machine resumed from, or `boot`. */
  get start(): string {
    return this.of('layer-resumed')[0]?.layer ?? 'boot';
  }

  get saved(): string[] {
    return this.of('layer-saved').map(({ layer }) => layer);
  }

  get planned(): readonly LayerRow[] {
    return this.of('layers-planned').at(-1)?.layers ?? [];
  }

  get notices(): string {
    return this.of('notice')
      .map(({ text }) => text)
      .join('\n');
  }

  /** All that was said, for the message of a test that fails. */
  get story(): string {
    const lines = this.stdout.split('\n').filter((line) => !line.includes('"type":"progress"'));
    return `${lines.slice(-40).join('\n')}\n${this.stderr}`;
  }
}

/** A project of a user's own: a template with provisioners of several kinds, on a base that boots in seconds. */
export class LayeredProject {
  readonly folder: string;
  readonly imagePath: string;
  readonly env: NodeJS.ProcessEnv;

  private constructor(folder: string, env: NodeJS.ProcessEnv) {
    this.folder = folder;
    this.imagePath = join(folder, 'images');
    this.env = { ...env, IMAGE_PATH: this.imagePath, TEMPLATE: join(folder, 'template.json') };
  }

  static async make(scope: Scope): Promise<LayeredProject> {
    const folder = await temporaryFolder(scope);
    await cp(FIXTURE, folder, { recursive: true });
    await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', join(folder, 'key')]);
    const base = await tinyBase();
    return new LayeredProject(folder, {
      IMAGE_NAME: 'tiny',
      BASE_IMAGE: base.disk,
      BOOT_FOLDER: base.folder,
      BASE_FAMILY: 'coreos',
      SSH_PRIVATE_KEY: join(folder, 'key'),
      PAYLOAD: 'container-host',
      ACCELERATOR: 'tcg',
      MEMORY: '256M',
      DISK_SIZE: '256M',
      HOST_PORT: `${await serveHello(scope)}`,
    });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** The layers' folder. */
  get store(): string {
    return this.env['LAYERS_PATH'] ?? join(this.imagePath, '.layers');
  }

  /** Runs the program to its end; `input` is what is typed. */
  async run(args: readonly string[], env: NodeJS.ProcessEnv = {}, input = ''): Promise<Outcome> {
    const startMs = performance.now();
    const child = spawn(START, args, { env: userEnvironment({ ...this.env, ...env }) });
    const texts = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (texts.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (texts.stderr += text));
    child.stdin.end(input);
    // Not `close`: what a killed program leaves running holds its pipes open.
    const [exitCode] = (await once(child, 'exit')) as [number | null];
    return new Outcome(exitCode, texts.stdout, texts.stderr, (performance.now() - startMs) / 1000);
  }

  build(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
    return this.run(['build', '--progress', 'json', ...args], env);
  }

  /** Builds until the program says this on its standard output, and kills it there. */
  buildKilledAt(words: string, what: 'the program' | 'everything'): Promise<Outcome> {
    return this.build([], {
      NODE_OPTIONS: `--import=${pathToFileURL(join(this.folder, 'kill-at.mjs')).href}`,
      KILL_AT: words,
      ...(what === 'everything' ? { KILL_ALL: '1' } : {}),
    });
  }

  async change(name: string, edit: (text: string) => string): Promise<void> {
    await writeFile(this.path(name), edit(await readFile(this.path(name), 'utf8')));
  }

  /** Names of the layers that are kept, the ones set aside with `(damaged)`. */
  async kept(): Promise<string[]> {
    const names: string[] = [];
    for (const folder of await readdir(this.store)) {
      for (const [file, mark] of [
        ['layer.json', ''],
        ['damaged.json', ' (damaged)'],
      ] as const) {
        const text = await readFile(join(this.store, folder, file), 'utf8').catch(() => undefined);
        if (text !== undefined) names.push(`${(JSON.parse(text) as { name: string }).name}${mark}`);
      }
    }
    return names.sort();
  }

  /** The folder of a kept layer. */
  async layerFolder(name: string): Promise<string> {
    for (const folder of await readdir(this.store)) {
      const text = await readFile(join(this.store, folder, 'layer.json'), 'utf8').catch(() => '{}');
      if ((JSON.parse(text) as { name?: string }).name === name) return join(this.store, folder);
    }
    throw new Error(`no layer ${name} in ${this.store}`);
  }

  /** Every file of the store's layers with its digest. */
  async storeDigests(): Promise<Record<string, string>> {
    const entries = await readdir(this.store, { recursive: true, withFileTypes: true });
    const files = entries
      .filter((entry) => entry.isFile() && entry.parentPath !== this.store)
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
    const digests = await Promise.all(files.map((file) => hashFile(file)));
    return Object.fromEntries(files.map((file, place) => [file, digests[place] ?? '']));
  }

  get image(): string {
    return join(this.imagePath, 'latest/tiny.qcow2');
  }
}

/** A web server on the host that greets; returns its port. */
async function serveHello(scope: Scope): Promise<number> {
  const server = createServer((_request, response) => response.end('hello from the host\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  scope.defer(() => {
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the system gave no port');
  return address.port;
}

import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Artifact, BuildEvent } from '../../src/events.ts';
import { type ConvertOptions, convertImage } from '../../src/images/convert-image.ts';
import { parseFormats } from '../../src/images/formats.ts';
import { run } from '../../src/system/process.ts';
import { Scope } from '../../src/system/scope.ts';

export const MEBIBYTE = 1024 * 1024;

/** A folder of its own with small disks, gone when the test's block ends. */
export class DiskBench implements AsyncDisposable {
  readonly folder: string;
  readonly events: BuildEvent[] = [];
  /** What tests add, undone before the folder goes. */
  readonly scope = new Scope();

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(): Promise<DiskBench> {
    return new DiskBench(await mkdtemp(join(tmpdir(), 'nb-convert-')));
  }

  at(name: string): string {
    return join(this.folder, name);
  }

  /** Makes a disk of one format; `args` are further ones of `qemu-img create`. */
  async create(
    name: string,
    driver: string,
    sizeBytes: number,
    args: readonly string[] = [],
  ): Promise<string> {
    await run(['qemu-img', 'create', '-q', '-f', driver, ...args, this.at(name), String(sizeBytes)]);
    return this.at(name);
  }

  /** Makes a qcow2 whose other data are in another qcow2 of this folder. */
  async createOverlay(name: string, backing: string): Promise<string> {
    await run([
      'qemu-img',
      'create',
      '-q',
      '-f',
      'qcow2',
      '-b',
      this.at(backing),
      '-F',
      'qcow2',
      this.at(name),
    ]);
    return this.at(name);
  }

  /** Runs commands of qemu-io on a disk: `write -P 0x5a 1M 64k`. */
  async write(name: string, driver: string, ...commands: readonly string[]): Promise<void> {
    await run(['qemu-io', '-f', driver, ...commands.flatMap((command) => ['-c', command]), this.at(name)]);
  }

  /** Converts a disk of this folder into the folder `out`, unless told otherwise. */
  async convert(
    source: string,
    formats: string,
    options: Partial<Omit<ConvertOptions, 'formats'>> = {},
  ): Promise<readonly Artifact[]> {
    return convertImage(this.at(source), {
      formats: parseFormats(formats),
      outputFolder: this.at('out'),
      emit: (event) => this.events.push(event),
      signal: new AbortController().signal,
      ...options,
    });
  }

  /** Names of everything in a folder, hidden files included. */
  async list(folder = 'out'): Promise<readonly string[]> {
    return (await readdir(this.at(folder)).catch(() => [])).sort();
  }

  /** Puts another tool before the real one for as long as the bench lasts. `$real` is the real one. */
  async wrapTool(tool: string, script: string): Promise<void> {
    const real = (await run(['sh', '-c', `command -v ${tool}`])).stdout.trim();
    await mkdir(this.at('bin'), { recursive: true });
    await writeFile(this.at(`bin/${tool}`), `#!/bin/sh\nreal=${real}\n${script}\n`);
    await chmod(this.at(`bin/${tool}`), 0o755);
    const before = process.env['PATH'] ?? '';
    process.env['PATH'] = `${this.at('bin')}:${before}`;
    this.scope.defer(() => {
      process.env['PATH'] = before;
    });
  }

  /** The disk as plain bytes, by another run of qemu-img. */
  async rawOf(name: string, driver: string): Promise<string> {
    const raw = this.at(`${name.replaceAll('/', '-')}.plain`);
    await run(['qemu-img', 'convert', '-f', driver, '-O', 'raw', this.at(name), raw]);
    return raw;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.scope[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A file system of its own on the folder `out`, so small that it can run full. */
export async function smallOutput(bench: DiskBench, sizeBytes: number): Promise<void> {
  const folder = bench.at('out');
  await mkdir(folder);
  await run(['mount', '-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', folder]);
  bench.scope.defer(async () => {
    await run(['umount', folder]);
  });
}

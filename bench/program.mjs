// What the benchmarks of builds share: a copy of what a build reads, the program's events, and stock Packer.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export const PROJECT = join(import.meta.dirname, '..');
export const START = join(PROJECT, 'start.sh');

/** A folder with copies of the template and of ansible/, so that a benchmark changes them and never the checkout. */
export class Bench {
  constructor(folder) {
    this.isKept = folder !== undefined;
    this.folder = folder ?? mkdtempSync(join(tmpdir(), 'nb-bench-'));
    this.images = join(this.folder, 'images');
    this.template = join(this.folder, 'packer-config.json');
    mkdirSync(this.images, { recursive: true });
    this.restore('packer-config.json');
    this.restore('ansible');
    // Where the program is, for the conversion that the template calls.
    writeFileSync(this.at('start.sh'), `#!/bin/sh\nexec '${START}' "$@"\n`, { mode: 0o755 });
    this.env = {
      IMAGE_PATH: this.images,
      IMAGE_NAME: 'bench',
      BUILD_TYPE: 'qemu',
      PAYLOAD: this.at('ansible/container-host.yml'),
      TEMPLATE: this.template,
      // Stock Packer cannot find out what works: say it for both.
      ACCELERATOR: process.env.ACCELERATOR ?? 'tcg',
      PROVE: 'compare',
    };
  }

  at(name) {
    return join(this.folder, name);
  }

  /** Takes a file or folder of the checkout again. */
  restore(name) {
    rmSync(this.at(name), { recursive: true, force: true });
    cpSync(join(PROJECT, name), this.at(name), { recursive: true });
  }

  edit(name, change) {
    writeFileSync(this.at(name), change(readFileSync(this.at(name), 'utf8')));
  }

  /** Runs the program: how long it took, until its first Ansible task, its most memory, its layers and phases. */
  async run(args, { exitCode = 0, env = {} } = {}) {
    const startMs = performance.now();
    const child = spawn(START, ['--progress', 'json', ...args], {
      env: { ...process.env, ...this.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const seen = { layers: [], phases: {}, firstTask: undefined, peakBytes: 0 };
    const timer = setInterval(() => (seen.peakBytes = peakMemoryBytes(child.pid) ?? seen.peakBytes), 500);
    for await (const line of createInterface({ input: child.stdout })) {
      if (!line.startsWith('{')) continue;
      const event = JSON.parse(line);
      if (event.type === 'task-started') seen.firstTask ??= (performance.now() - startMs) / 1000;
      if (event.type === 'layer-saved') seen.layers.push(event);
      if (event.type === 'phase-finished') seen.phases[event.phase] = event.durationMs / 1000;
    }
    const code = child.exitCode ?? (await new Promise((resolve) => child.once('exit', resolve)));
    clearInterval(timer);
    if (code !== exitCode) throw new Error(`${args.join(' ')} ended with ${code}`);
    return { seconds: (performance.now() - startMs) / 1000, ...seen };
  }

  /** Runs stock Packer on the copied template, with the program's base and key; how many seconds it took. */
  stockPacker() {
    const cache = join(this.images, '.cache');
    const base = readdirSync(cache).find((name) => name.endsWith('.qcow2'));
    if (base === undefined) throw new Error(`no base image in ${cache}`);
    const env = {
      ...this.env,
      SSH_PRIVATE_KEY: this.at('secrets/netsil-builder_ed25519'),
      BASE_IMAGE: join(cache, base),
      BASE_CHECKSUM: 'none',
      CONFIG_DRIVE: this.at('config-drive.iso'),
      CHECKPOINT_DISABLE: '1',
      PACKER_CACHE_DIR: this.at('packer-cache'),
    };
    rmSync(env.CONFIG_DRIVE, { force: true });
    rmSync(join(this.images, 'packer'), { recursive: true, force: true });
    command([START, 'user-data', '--family', 'embedded', '--output', env.CONFIG_DRIVE], env);
    const startMs = performance.now();
    command(['packer', 'build', '-only=qemu', this.template], env);
    return (performance.now() - startMs) / 1000;
  }

  close() {
    if (!this.isKept) rmSync(this.folder, { recursive: true });
  }
}

function command([name, ...args], env) {
  const { status } = spawnSync(name, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`${name} ended with ${status}`);
}

/** The kernel's own high-water mark of a process; undefined when that has ended. */
function peakMemoryBytes(pid) {
  try {
    const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  } catch {
    return undefined;
  }
}

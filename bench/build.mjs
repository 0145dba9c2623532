// Times a cold build of the program against stock Packer on the same plain template, the same base image and the same
// payload, one after the other in one run: `node bench/build.mjs [WORK_FOLDER]`. Prints both times and their ratio, the
// peak memory of the program itself, and how long `--help` takes. The embedded base is made before, and not counted.
// Stock Packer's conversion is the program's own too (the template's post-processor calls it), so that the ratio
// speaks of the machine, the disk and the provisioning.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const project = join(import.meta.dirname, '..');
const start = join(project, 'start.sh');
const work = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'nb-bench-'));
const images = join(work, 'images');
mkdirSync(images, { recursive: true });
// Stock Packer cannot find out what works: say it for both.
const accelerator = process.env.ACCELERATOR ?? 'tcg';
const common = { IMAGE_PATH: images, IMAGE_NAME: 'bench', BUILD_TYPE: 'qemu', PAYLOAD: 'container-host' };

run([start, 'base', 'make'], common);
console.log(`--help: ${leastHelpSeconds(10).toFixed(2)} s, the least of ten`);
const { seconds: ours, peakBytes } = await runMeasured([start, '--progress', 'plain'], {
  ...common,
  ACCELERATOR: accelerator,
});
console.log(`netsil-builder: ${ours.toFixed(1)} s, peak memory ${Math.ceil(peakBytes / 1e6)} MB`);

const cache = join(images, '.cache');
const base = readdirSync(cache).find((name) => name.endsWith('.qcow2'));
if (base === undefined) throw new Error(`no base image in ${cache}`);
const key = join(work, 'secrets/netsil-builder_ed25519');
const drive = join(work, 'config-drive.iso');
rmSync(drive, { force: true });
run([start, 'user-data', '--family', 'debian', '--output', drive], { ...common, SSH_PRIVATE_KEY: key });
const { seconds: stock } = await runMeasured(
  ['packer', 'build', '-only=qemu', join(project, 'packer-config.json')],
  {
    ...common,
    ACCELERATOR: accelerator,
    SSH_PRIVATE_KEY: key,
    BASE_IMAGE: join(cache, base),
    BASE_CHECKSUM: 'none',
    CONFIG_DRIVE: drive,
    CHECKPOINT_DISABLE: '1',
    PACKER_CACHE_DIR: join(work, 'packer-cache'),
  },
);
console.log(`stock packer: ${stock.toFixed(1)} s`);
console.log(`ratio: ${(ours / stock).toFixed(2)}`);
if (process.argv[2] === undefined) rmSync(work, { recursive: true });

/** Runs a command; how long it took, and the most memory that its first process (start.sh becomes Node) had in use. */
async function runMeasured([command, ...args], env) {
  const startMs = performance.now();
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  let peakBytes = 0;
  const timer = setInterval(() => (peakBytes = peakMemoryBytes(child.pid) ?? peakBytes), 500);
  const [status] = await once(child, 'exit');
  clearInterval(timer);
  if (status !== 0) throw new Error(`${command} ended with ${status}`);
  return { seconds: (performance.now() - startMs) / 1000, peakBytes };
}

/** The kernel's own high-water mark of a process; undefined when that has ended. */
function peakMemoryBytes(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

function leastHelpSeconds(rounds) {
  const times = Array.from({ length: rounds }, () => {
    const startMs = performance.now();
    run([process.execPath, join(project, 'dist/cli.js'), '--help'], {});
    return performance.now() - startMs;
  });
  return Math.min(...times) / 1000;
}

function run([command, ...args], env) {
  const { status } = spawnSync(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`${command} ended with ${status}`);
}

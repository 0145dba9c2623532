// Times a cold build of the program against stock Packer on the same plain template, the same base image and the same
// payload, one after the other in one run: `node bench/build.mjs [WORK_FOLDER]`. Prints both times and their ratio. The
// embedded base is made before, and not counted.
// Stock Packer's conversion is the program's own too (the template's post-processor calls it), so that the ratio
// speaks of the machine, the disk and the provisioning.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
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
const ours = timed('netsil-builder', () =>
  run([start, '--progress', 'plain'], { ...common, ACCELERATOR: accelerator }),
);

const cache = join(images, '.cache');
const base = readdirSync(cache).find((name) => name.endsWith('.qcow2'));
if (base === undefined) throw new Error(`no base image in ${cache}`);
const key = join(work, 'secrets/netsil-builder_ed25519');
const drive = join(work, 'config-drive.iso');
rmSync(drive, { force: true });
run([start, 'user-data', '--family', 'debian', '--output', drive], { ...common, SSH_PRIVATE_KEY: key });
const stock = timed('stock packer', () =>
  run(['packer', 'build', '-only=qemu', join(project, 'packer-config.json')], {
    ...common,
    ACCELERATOR: accelerator,
    SSH_PRIVATE_KEY: key,
    BASE_IMAGE: join(cache, base),
    BASE_CHECKSUM: 'none',
    CONFIG_DRIVE: drive,
    CHECKPOINT_DISABLE: '1',
    PACKER_CACHE_DIR: join(work, 'packer-cache'),
  }),
);
console.log(`ratio: ${(ours / stock).toFixed(2)}`);
if (process.argv[2] === undefined) rmSync(work, { recursive: true });

function timed(name, work) {
  const startMs = performance.now();
  work();
  const seconds = (performance.now() - startMs) / 1000;
  console.log(`${name}: ${seconds.toFixed(1)} s`);
  return seconds;
}

function run([command, ...args], env) {
  const { status } = spawnSync(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`${command} ended with ${status}`);
}

// Times what layers cost and save against stock Packer on the same plain template, base and payload, one after the other
// in one run: `node bench/layers.mjs [WORK_FOLDER]`. Prints a table of seconds and of ratios to stock Packer.
//   cold without layers, cold with layers; the last role changed; the last provisioner failed, then mended;
//   nothing changed; plan.
// The embedded base is made before, and not counted. A copy of ansible/ and of the template is changed, never the checkout.
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const project = join(import.meta.dirname, '..');
const start = join(project, 'start.sh');
const work = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'nb-bench-'));
const images = join(work, 'images');
const template = join(work, 'packer-config.json');
const lastTasks = join(work, 'ansible/roles/generalise/tasks/main.yml');
mkdirSync(images, { recursive: true });
for (const name of ['packer-config.json', 'ansible']) {
  cpSync(join(project, name), join(work, name), { recursive: true });
}
// Where the program is, for the conversion that the template calls.
writeFileSync(join(work, 'start.sh'), `#!/bin/sh\nexec '${start}' "$@"\n`, { mode: 0o755 });
// Stock Packer cannot find out what works: say it for both.
const accelerator = process.env.ACCELERATOR ?? 'tcg';
const common = {
  IMAGE_PATH: images,
  IMAGE_NAME: 'bench',
  BUILD_TYPE: 'qemu',
  PAYLOAD: join(work, 'ansible/container-host.yml'),
  TEMPLATE: template,
  ACCELERATOR: accelerator,
};
const rows = [];

await build(['base', 'make']);
rows.push(['cold, without layers', (await build(['--no-layers'])).seconds]);
const cold = await build(['--force']);
rows.push(['cold, with layers', cold.seconds]);
appendFileSync(lastTasks, '\n- name: A changed line\n  ansible.builtin.raw: "true"\n  changed_when: false\n');
const changed = await build([]);
rows.push(['the last role changed', changed.seconds]);
appendFileSync(lastTasks, '\n- name: A mistake\n  ansible.builtin.raw: "false"\n');
await build([], 1);
const tasks = readdirSync(join(project, 'ansible/roles/generalise/tasks'));
for (const name of tasks) {
  cpSync(
    join(project, 'ansible/roles/generalise/tasks', name),
    join(work, 'ansible/roles/generalise/tasks', name),
  );
}
appendFileSync(
  lastTasks,
  '\n- name: The mistake mended\n  ansible.builtin.raw: "true"\n  changed_when: false\n',
);
const mended = await build([]);
rows.push(['failed, then mended', mended.seconds], ['  of which until its first task', mended.firstTask]);
rows.push(['nothing changed', (await build([])).seconds], ['plan', (await build(['plan'])).seconds]);
const stock = stockPacker();
rows.push(['stock Packer', stock]);

for (const { layer, sizeBytes, checkpointMs } of cold.layers) {
  console.log(
    `layer ${layer}: ${(sizeBytes / 1e6).toFixed(0)} MB, held the build up for ${(checkpointMs / 1000).toFixed(1)} s`,
  );
}
console.log(`the last role changed, by phase: ${changed.phases.join(', ')}`);
for (const [name, seconds] of rows) {
  console.log(`${name.padEnd(34)} ${seconds.toFixed(1).padStart(7)} s  ${(seconds / stock).toFixed(2)}`);
}
const [without, withLayers] = rows.map(([, seconds]) => seconds);
console.log(`cold with layers / without: ${(withLayers / without).toFixed(2)}`);
if (process.argv[2] === undefined) rmSync(work, { recursive: true });

/** Runs the program and reads its events: how long it took, until its first Ansible task, its layers and phases. */
async function build(args, exitCode = 0) {
  const startMs = performance.now();
  const child = spawn(start, ['--progress', 'json', ...args], {
    env: { ...process.env, ...common },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const layers = [];
  const phases = [];
  let firstTask;
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('{')) continue;
    const event = JSON.parse(line);
    if (event.type === 'task-started') firstTask ??= (performance.now() - startMs) / 1000;
    if (event.type === 'layer-saved') layers.push(event);
    if (event.type === 'phase-finished')
      phases.push(`${event.phase} ${(event.durationMs / 1000).toFixed(1)} s`);
  }
  const code = child.exitCode ?? (await new Promise((resolve) => child.once('exit', resolve)));
  if (code !== exitCode) throw new Error(`${args.join(' ')} ended with ${code}`);
  return { seconds: (performance.now() - startMs) / 1000, firstTask, layers, phases };
}

function stockPacker() {
  const cache = join(images, '.cache');
  const base = readdirSync(cache).find((name) => name.endsWith('.qcow2'));
  if (base === undefined) throw new Error(`no base image in ${cache}`);
  const key = join(work, 'secrets/netsil-builder_ed25519');
  const drive = join(work, 'config-drive.iso');
  rmSync(drive, { force: true });
  run([start, 'user-data', '--family', 'embedded', '--output', drive], { ...common, SSH_PRIVATE_KEY: key });
  const startMs = performance.now();
  run(['packer', 'build', '-only=qemu', template], {
    ...common,
    SSH_PRIVATE_KEY: key,
    BASE_IMAGE: join(cache, base),
    BASE_CHECKSUM: 'none',
    CONFIG_DRIVE: drive,
    CHECKPOINT_DISABLE: '1',
    PACKER_CACHE_DIR: join(work, 'packer-cache'),
  });
  return (performance.now() - startMs) / 1000;
}

function run([command, ...args], env) {
  const { status } = spawnSync(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`${command} ended with ${status}`);
}

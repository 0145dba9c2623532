// How long four formats take together, as a ratio to the slowest `qemu-img convert` alone, in the same run.
// Usage: node bench/convert.mjs [--rounds N] [--keep] [DISK.qcow2]
// Without a disk it makes one of about 1 GB of real files (a Debian with compilers and a kernel; needs mmdebstrap).
// Needs the built program (npm run build) and nothing else on the machine that competes for its cores and its disk.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const CLI = join(import.meta.dirname, '../dist/cli.js');
const FORMATS = {
  qcow2: ['-O', 'qcow2'],
  vdi: ['-O', 'vdi'],
  vhd: ['-O', 'vpc', '-o', 'subformat=dynamic,force_size=on'],
  vmdk: ['-O', 'vmdk'],
};
const NAMES = Object.keys(FORMATS);
const DRIVERS = { qcow2: 'qcow2', vdi: 'vdi', vhd: 'vpc', vmdk: 'vmdk' };
const PACKAGES = 'linux-image-amd64,python3,git,gcc,g++,vim,openssh-server';

const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, keep: { type: 'boolean', default: false } },
  allowPositionals: true,
});
if (!existsSync(CLI)) throw new Error(`${CLI} is missing: npm run build`);
const work = mkdtempSync(join(process.env.TMPDIR ?? tmpdir(), 'nb-bench-'));
const out = join(work, 'out');
try {
  const disk = positionals[0] === undefined ? makeDisk() : resolve(positionals[0]);
  await measure(disk, Number(values.rounds));
} finally {
  if (values.keep) console.log(`kept: ${work}`);
  else rmSync(work, { recursive: true });
}

function makeDisk() {
  const [tar, folder, raw, disk] = ['root.tar', 'root', 'disk.raw', 'disk.qcow2'].map((name) =>
    join(work, name),
  );
  console.log('making a disk (some minutes) ...');
  execFileSync('mmdebstrap', ['--quiet', '--variant=important', `--include=${PACKAGES}`, 'bookworm', tar]);
  mkdirSync(folder);
  execFileSync('tar', ['-xf', tar, '-C', folder, '--exclude=./dev/*']);
  execFileSync('truncate', ['-s', '10000M', raw]);
  execFileSync('mkfs.ext4', ['-q', '-F', '-d', folder, raw]);
  execFileSync('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, disk]);
  for (const path of [tar, folder, raw]) rmSync(path, { recursive: true });
  return disk;
}

async function measure(disk, rounds) {
  const rows = [];
  // Now the source is in memory, for all of them alike.
  await execute('cat', [disk]);
  for (let round = 1; round <= rounds; round += 1) {
    const row = {};
    for (const name of NAMES) row[name] = await timed(() => convert(name, disk));
    row.slowest = Math.max(...NAMES.map((name) => row[name]));
    row.together = await timed(() => Promise.all(NAMES.map((name) => convert(name, disk))));
    row.byHand = await timed(() => byHand(disk));
    row.program = await timed(() => program(disk));
    rows.push(row);
    console.log(
      `round ${round}: ${Object.entries(row)
        .map(([key, s]) => `${key} ${s.toFixed(2)} s`)
        .join(', ')}`,
    );
  }
  const ratio = (key, to) => median(rows.map((row) => row[key] / row[to]));
  const say = (what, key, to) => console.log(`${what}: ${ratio(key, to).toFixed(2)}`);
  console.log(
    `\n${cpus().length} cores, ${(statSync(disk).size / 1e9).toFixed(2)} GB of data, medians of ${rounds} rounds`,
  );
  say('four conversions at once / the slowest alone (conversion only)', 'together', 'slowest');
  say(
    'the whole command, with check, comparison, sha256 and sync / the slowest conversion alone',
    'program',
    'slowest',
  );
  say('the whole command / the same steps by hand, one after the other', 'program', 'byHand');
}

async function convert(name, disk) {
  await execute('qemu-img', ['convert', '-f', 'qcow2', ...FORMATS[name], disk, join(out, `disk.${name}`)]);
}

/** What people do without the program: the same proof for each format, with the usual tools. */
async function byHand(disk) {
  for (const name of NAMES) {
    const copy = join(out, `disk.${name}`);
    await convert(name, disk);
    await execute('qemu-img', ['compare', '-f', 'qcow2', '-F', DRIVERS[name], disk, copy]);
    await execute('sha256sum', [copy]);
    await execute('sync', [copy]);
  }
}

async function program(disk) {
  const args = ['convert', disk, '--formats', NAMES.join(','), '--output-dir', out, '--name', 'disk'];
  await execute(process.execPath, [CLI, ...args, '--progress', 'json']);
}

/** Seconds that the work takes, started with an empty folder and a disk that has nothing left to write. */
async function timed(work) {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
  execFileSync('sync', ['-f', out]);
  const startMs = performance.now();
  await work();
  return (performance.now() - startMs) / 1000;
}

function execute(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}`)),
    );
  });
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// How long four formats take together, as a ratio to the slowest `qemu-img convert` alone, in the same run.
// Usage: node bench/convert.mjs [--rounds N] [--keep] [DISK.qcow2]
// Without a disk it makes one of about 1 GB of real files (a Debian with compilers and a kernel; needs mmdebstrap).
// Needs the built program (npm run build) and nothing else on the machine that competes for its cores and its disk.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { bundle } from './bundle.mjs';

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
/** Linux counts processor time in hundredths of a second for every program to see. */
const TICKS_PER_SECOND = 100;

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
  const writer = await bundleWriter();
  // Now the source is in memory, for all of them alike.
  await execute('cat', [disk]);
  const all = [];
  for (let round = 1; round <= rounds; round += 1) {
    const took = await measureRound(disk, writer);
    all.push(took);
    console.log(`round ${round}: ${Object.entries(took).map(tell).join(', ')}`);
  }
  report(disk, all);
}

function tell([what, { seconds, processorSeconds }]) {
  return `${what} ${seconds.toFixed(2)} s (${processorSeconds.toFixed(1)} s)`;
}

/** Seconds, and in brackets those of all processors together, of everything that is compared. */
async function measureRound(disk, writer) {
  const took = {};
  for (const name of NAMES) took[name] = await timed(() => convert(name, disk));
  took.slowest = slowest(NAMES.map((name) => took[name]));
  const durable = [];
  for (const name of NAMES) durable.push(await timed(() => convertDurably(name, disk)));
  took.slowestDurable = slowest(durable);
  took.conversions = await timed(() => execute(process.execPath, [writer, disk, out]));
  took.compared = await timed(() => execute(process.execPath, [writer, disk, out, 'compare']));
  took.program = await timed(() => program(disk));
  took.byHand = await timed(() => byHand(disk));
  return took;
}

function slowest(all) {
  return all.reduce((a, b) => (b.seconds > a.seconds ? b : a));
}

function report(disk, all) {
  const say = (what, key, to) => {
    const ratio = median(all.map((took) => took[key].seconds / took[to].seconds));
    console.log(`${what}: ${ratio.toFixed(2)}`);
  };
  const size = (statSync(disk).size / 1e9).toFixed(2);
  console.log(`\n${cpus().length} cores, ${size} GB of data, medians of ${all.length} rounds`);
  say('four conversions at once / the slowest qemu-img convert alone', 'conversions', 'slowest');
  say('four conversions with check and comparison / the same', 'compared', 'slowest');
  say('the whole command (also sha256 and sync) / the slowest convert and sync', 'program', 'slowestDurable');
  say('the whole command / the same steps by hand, one after the other', 'program', 'byHand');
}

/** The program's conversions alone, and with check and comparison when told so; without hash and sync. */
function bundleWriter() {
  const contents = `
    import { parseFormats } from './images/formats.ts';
    import { SharedSource } from './images/shared-source.ts';
    import { inspectSource } from './images/source-disk.ts';
    import { checkImage } from './qemu/qemu-img-check.ts';
    import { compareDisks } from './qemu/qemu-img-compare.ts';
    const [path = '', outputFolder = '', compare] = process.argv.slice(2);
    const { signal } = new AbortController();
    const source = await inspectSource(path, signal);
    const { virtualSizeBytes } = source;
    await using shared = new SharedSource(source, { outputFolder, name: 'disk', signal });
    const onFraction = () => undefined;
    await Promise.all(parseFormats('${NAMES.join()}').map(async ({ extension, write }) => {
      const file = outputFolder + '/disk.' + extension;
      const job = { source, shared, path: file, virtualSizeBytes, onFraction, signal };
      const { disk, checkable } = await write(job);
      if (compare === undefined) return;
      const checks = [compareDisks(source, disk), checkable ? checkImage(disk) : { errors: 0 }];
      const [difference, { errors }] = await Promise.all(checks);
      if (difference !== undefined || errors > 0) throw new Error(file + ' is not the same disk');
    }));`;
  return bundle(contents, work);
}

async function convert(name, disk) {
  await execute('qemu-img', ['convert', '-f', 'qcow2', ...FORMATS[name], disk, join(out, `disk.${name}`)]);
}

async function convertDurably(name, disk) {
  await convert(name, disk);
  await execute('sync', [join(out, `disk.${name}`)]);
}

/** What people do without the program: the same proof for each format, with the usual tools. */
async function byHand(disk) {
  for (const name of NAMES) {
    const copy = join(out, `disk.${name}`);
    await convertDurably(name, disk);
    await execute('qemu-img', ['compare', '-f', 'qcow2', '-F', DRIVERS[name], disk, copy]);
    await execute('sha256sum', [copy]);
  }
}

async function program(disk) {
  const args = ['convert', disk, '--formats', NAMES.join(','), '--output-dir', out, '--name', 'disk'];
  await execute(process.execPath, [CLI, ...args, '--progress', 'json']);
}

/**
 * How long the work takes, started with an empty folder and a disk that has nothing left to write. It is done twice, and
 * the first time does not count: a virtual machine may have given its free memory back to its host, and to get that again
 * can take longer than the work.
 */
async function timed(work) {
  emptyOut();
  await work();
  emptyOut();
  const startMs = performance.now();
  const startSeconds = processorSeconds();
  await work();
  const seconds = (performance.now() - startMs) / 1000;
  return { seconds, processorSeconds: processorSeconds() - startSeconds };
}

function emptyOut() {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
  execFileSync('sync', ['-f', out]);
}

/** Processor time of all children of this process that have ended, and of theirs (proc(5): cutime and cstime). */
function processorSeconds() {
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
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

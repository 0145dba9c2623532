// How long a stream-optimized VMDK takes, as a ratio to `qemu-img convert -o subformat=streamOptimized` in the same
// run, and how much larger the file is.
// Usage: node bench/stream-vmdk.mjs [--rounds N] [--threads 1,2,4] DISK.qcow2
// Needs the built program's packages (npm ci) and nothing else on the machine that competes for its cores. The file
// is compared with the source after each writing, which is not counted.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { bundle } from './bundle.mjs';

const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, threads: { type: 'string' } },
  allowPositionals: true,
});
if (positionals[0] === undefined) throw new Error('give a qcow2 file with about 1 GiB of real data');
const disk = resolve(positionals[0]);
const cores = availableParallelism();
const threadCounts = values.threads?.split(',').map(Number) ?? [1, cores];
const work = mkdtempSync(join(process.env.TMPDIR ?? tmpdir(), 'nb-bench-'));
try {
  await measure();
} finally {
  rmSync(work, { recursive: true });
}

async function measure() {
  const program = await bundleWriter();
  execFileSync('cat', [disk], { stdio: ['ignore', 'ignore', 'inherit'] });
  const ratios = new Map(threadCounts.map((threads) => [threads, []]));
  let growth;
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    const theirs = await timed('qemu-img', ['qemu-img', ...qemuImgArgs('theirs.vmdk')]);
    for (const threads of threadCounts) {
      const ours = join(work, 'ours.vmdk');
      rmSync(ours, { force: true });
      const took = await timed(`ours, ${threads} threads`, [
        process.execPath,
        program,
        disk,
        ours,
        String(threads),
      ]);
      execFileSync('qemu-img', ['compare', '-q', '-f', 'qcow2', '-F', 'vmdk', disk, ours]);
      ratios.get(threads).push(took / theirs);
      growth = statSync(ours).size / statSync(join(work, 'theirs.vmdk')).size;
    }
  }
  console.log(`\n${cores} cores, medians of ${values.rounds} rounds`);
  for (const [threads, all] of ratios) {
    console.log(`${threads} threads: ${median(all).toFixed(2)} of qemu-img's time`);
  }
  console.log(`the file: ${((growth - 1) * 100).toFixed(1)} % larger`);
}

function qemuImgArgs(name) {
  return ['convert', '-f', 'qcow2', '-O', 'vmdk', '-o', 'subformat=streamOptimized', disk, join(work, name)];
}

/** The writer alone as a program, so that neither checks nor the comparison are counted; its memory is. */
function bundleWriter() {
  const contents = `
    import { imageInfo } from './qemu/qemu-img.ts';
    import { readDataMap } from './qemu/data-map.ts';
    import { openDisk } from './qemu/nbd-server.ts';
    import { DeflatePool } from './system/deflate-pool.ts';
    import { Scope } from './system/scope.ts';
    import { writeStreamVmdk } from './images/vmdk/write-stream-vmdk.ts';
    const [path = '', target = '', threads = ''] = process.argv.slice(2);
    const { signal } = new AbortController();
    await using scope = new Scope();
    await using pool = new DeflatePool(Number(threads));
    const { virtualSizeBytes } = await imageInfo(path, { format: 'qcow2' });
    const source = { path, driver: 'qcow2' };
    const dataMap = await readDataMap(source, virtualSizeBytes, 65536, signal);
    const reader = await openDisk(scope, source, signal);
    await writeStreamVmdk({ reader, dataMap, pool }, target, { onFraction: () => undefined, signal });
    console.log('  memory at most', Math.round(process.resourceUsage().maxRSS / 1024), 'MiB');`;
  return bundle(contents, work);
}

/** Seconds that a program takes. */
async function timed(name, [command, ...args]) {
  execFileSync('sync', ['-f', work]);
  const startMs = performance.now();
  await new Promise((done, failed) => {
    const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', failed);
    child.on('close', (code) => (code === 0 ? done() : failed(new Error(`${command} ended with ${code}`))));
  });
  const seconds = (performance.now() - startMs) / 1000;
  console.log(`${name}: ${seconds.toFixed(1)} s`);
  return seconds;
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// How fast `publish ami` sends a disk, as a ratio to a bare loop that reads, hashes and sends the same file to the same
// stand-in server; its memory; how much is sent again after kill -9, and after 1 % of the blocks has changed; and
// whether 5 % of faults harm it.
// Usage: node bench/publish.mjs [--rounds N] [--gib N] [--format raw|qcow2] [WORK_FOLDER]
// A disk that is not raw is read through qemu-nbd; the bare loop always reads the raw one.
// Needs twice the disk's size in the work folder (four times when it is not raw), and once in TMPDIR. Server, bare loop and publish are processes of
// their own. The time of a publish is that of all of it: the disk is read twice, a sample read back, the image registered.
import { execFileSync, spawn } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, openSync, closeSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const BLOCK_BYTES = 512 * 1024;
const ROOT = join(import.meta.dirname, '..');
const { values, positionals } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    gib: { type: 'string', default: '2' },
    format: { type: 'string', default: 'raw' },
  },
  allowPositionals: true,
});
const blockCount = Number(values.gib) * 2048;
const parent = resolve(positionals[0] ?? process.env.TMPDIR ?? tmpdir());
mkdirSync(parent, { recursive: true });
const work = mkdtempSync(join(parent, 'nb-publish-'));
let server;
try {
  const programs = {
    server: await bundle('server', SERVER()),
    publish: await bundle('publish', PUBLISH()),
    bare: await bundle('bare', BARE()),
  };
  const disk = makeDisk(join(work, 'disk.raw'));
  const image = imageOf(disk);
  server = await startServer(programs.server);
  await measureRate(programs, disk, image);
  await measureResume(programs, image);
  await measureIncrement(programs, disk, image);
  await measureFaults(programs, image);
} finally {
  server?.child.kill();
  rmSync(work, { recursive: true });
}

async function measureRate(programs, disk, image) {
  // The first one fills the server's store, as nothing that is measured does.
  await bare(programs, disk);
  const ratios = [];
  let memoryMib = 0;
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    const bareSeconds = await bare(programs, disk);
    // Otherwise there were a snapshot of the same disk to stand on.
    await server.ask('forget');
    const ours = await publish(programs, image, { name: `round ${round}`, state: `state-${round}` });
    console.log(`bare loop ${bareSeconds.toFixed(1)} s, publish ${ours.seconds.toFixed(1)} s`);
    ratios.push(bareSeconds / ours.seconds);
    memoryMib = Math.max(memoryMib, ours.memoryMib);
  }
  console.log(
    `rate: ${median(ratios).toFixed(2)} of the bare loop's, median of ${values.rounds}; at least 0.5 is wanted`,
  );
  console.log(`memory: ${memoryMib} MiB at most; less than 300 MB is wanted`);
}

async function measureResume(programs, image) {
  await server.ask('forget');
  const options = { name: 'killed', state: 'state-killed' };
  const child = start(programs.publish, image, options);
  const ended = once(child, 'exit');
  const killedAt = await server.ask(`kill ${child.pid} ${blockCount / 2}`);
  await ended;
  const sent = await countOf(() => publish(programs, image, options));
  console.log(
    `killed after ${percent(killedAt)} of the blocks; the next run sent ${percent(sent)}; at most 55 % is wanted`,
  );
}

async function measureIncrement(programs, disk, image) {
  await server.ask('forget');
  const state = 'state-line';
  await publish(programs, image, { name: 'first', state });
  const changed = join(work, 'changed.raw');
  copyFileSync(disk, changed);
  const file = openSync(changed, 'r+');
  for (let block = 50; block < blockCount; block += 100) {
    writeSync(file, randomFillSync(Buffer.alloc(512)), 0, 512, block * BLOCK_BYTES + 4096);
  }
  closeSync(file);
  const changedImage = imageOf(changed);
  const sent = await countOf(() => publish(programs, changedImage, { name: 'second', state }));
  console.log(`1 % of the blocks changed: ${percent(sent)} sent; at most 2 % is wanted`);
  rmSync(changed);
}

async function measureFaults(programs, image) {
  await server.ask('forget');
  await server.ask('faults');
  const { seconds } = await publish(programs, image, { name: 'faults', state: 'state-faults', verify: true });
  const faults = await server.ask('fault-count');
  console.log(`5 % of faults (${faults}): ended after ${seconds.toFixed(1)} s, all blocks read back equal`);
}

function makeDisk(path) {
  const file = openSync(path, 'w');
  const block = Buffer.alloc(BLOCK_BYTES);
  for (let index = 0; index < blockCount; index += 1) {
    randomFillSync(block);
    if (index === 0) block.writeUInt16LE(0xaa55, 510);
    writeSync(file, block);
  }
  closeSync(file);
  return path;
}

/** The raw disk in the format that is to be published. */
function imageOf(disk) {
  if (values.format === 'raw') return disk;
  const image = disk.replace(/raw$/, values.format);
  execFileSync('qemu-img', ['convert', '-f', 'raw', '-O', values.format, disk, image]);
  return image;
}

async function countOf(work) {
  const before = await server.ask('count');
  await work();
  return (await server.ask('count')) - before;
}

function percent(blocks) {
  return `${((100 * blocks) / blockCount).toFixed(1)} %`;
}

function start(program, disk, { name, state, verify = false }) {
  return spawn(process.execPath, [program, disk, name, join(work, state), String(verify)], {
    env: { ...process.env, ...server.env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function publish(programs, disk, options) {
  execFileSync('cat', [disk], { stdio: ['ignore', 'ignore', 'inherit'] });
  return resultOf(start(programs.publish, disk, options));
}

async function bare(programs, disk) {
  execFileSync('cat', [disk], { stdio: ['ignore', 'ignore', 'inherit'] });
  return (await resultOf(start(programs.bare, disk, { name: '', state: '' }))).seconds;
}

async function resultOf(child) {
  const startMs = performance.now();
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`a program ended with ${code}`);
  return { seconds: (performance.now() - startMs) / 1000, ...JSON.parse(text || '{}') };
}

async function startServer(program) {
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value);
  const env = await next();
  const ask = async (word) => {
    child.stdin.write(`${word}\n`);
    return next();
  };
  return { child, env, ask };
}

async function bundle(name, contents) {
  const outfile = join(work, `${name}.mjs`);
  await build({
    stdin: { contents, resolveDir: ROOT, loader: 'ts' },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    mainFields: ['module', 'main'],
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  return outfile;
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function SERVER() {
  return `
    import { createInterface } from 'node:readline';
    import { AwsStandIn } from './test/fakes/aws/aws-stand-in.ts';
    const aws = await AwsStandIn.start({ speed: 1000 });
    const { world } = aws;
    const faults = ['throttle', 'unavailable', 'cut', 'corrupt-echo'].map((kind) => ({ kind }));
    let writes = 0;
    console.log(JSON.stringify(aws.env));
    const count = () => {
      writes += world.requests.splice(0).filter((name) => name === 'PutSnapshotBlock').length;
      return writes;
    };
    for await (const line of createInterface(process.stdin)) {
      const [word, pid, blocks] = line.split(' ');
      if (word === 'kill') {
        const before = count();
        while (count() - before < Number(blocks)) await new Promise((done) => setTimeout(done, 1));
        process.kill(Number(pid), 'SIGKILL');
        console.log(count() - before);
        continue;
      }
      if (word === 'forget') for (const region of world.regions.values()) {
        region.images.clear();
        region.snapshots.clear();
      }
      if (word === 'faults') world.faults.some('PutSnapshotBlock', 0.05, faults);
      console.log(word === 'fault-count' ? world.faults.count : count());
    }`;
}

function PUBLISH() {
  return `
    import { publishAmi } from './src/aws/publish-ami.ts';
    import { readPublishRequest } from './src/aws/publish-request.ts';
    const [path = '', name = '', stateFolder = '', verify = ''] = process.argv.slice(2);
    const request = readPublishRequest({ verify: verify === 'true' }, 'us-west-2', Date.now());
    await publishAmi({ path, name, description: '' }, request, {
      stateFolder,
      keys: undefined,
      emit: () => undefined,
      signal: new AbortController().signal,
    });
    console.log(JSON.stringify({ memoryMib: Math.round(process.resourceUsage().maxRSS / 1024) }));`;
}

/** Reads, hashes, signs and sends, 16 at once, and nothing else. */
function BARE() {
  return `
    import { createHash, createHmac } from 'node:crypto';
    import { open } from 'node:fs/promises';
    import { Agent, request } from 'node:http';
    import { StartSnapshotCommand } from '@aws-sdk/client-ebs';
    import { EBSClient } from '@aws-sdk/client-ebs';
    process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
    const file = await open(process.argv[2] ?? '', 'r');
    const count = (await file.stat()).size / ${BLOCK_BYTES};
    const volume = { VolumeSize: Math.ceil(count / 2048) };
    const { SnapshotId } = await new EBSClient({ region: 'us-west-2' }).send(new StartSnapshotCommand(volume));
    const endpoint = new URL(process.env.AWS_ENDPOINT_URL ?? '');
    const agent = new Agent({ keepAlive: true });
    let next = 0;
    await Promise.all(Array.from({ length: 16 }, async () => {
      const block = Buffer.alloc(${BLOCK_BYTES});
      for (let index = next++; index < count; index = next++) {
        await file.read(block, 0, block.length, index * block.length);
        await put(index, block);
      }
    }));
    agent.destroy();
    function put(index, block) {
      const sha256 = createHash('sha256').update(block).digest();
      const path = '/snapshots/' + SnapshotId + '/blocks/' + index;
      const headers = {
        host: endpoint.host,
        'x-amz-checksum': sha256.toString('base64'),
        'x-amz-checksum-algorithm': 'SHA256',
        'x-amz-content-sha256': sha256.toString('hex'),
        'x-amz-data-length': String(block.length),
        'x-amz-date': new Date().toISOString().replaceAll(/[-:]|\\.\\d+/g, ''),
      };
      const authorization = sign(path, headers);
      return new Promise((resolve, reject) => {
        const sending = request(new URL(path, endpoint), {
          method: 'PUT', agent, headers: { ...headers, authorization, 'content-length': block.length },
        }, (answer) => {
          answer.resume().on('end', () => answer.statusCode === 201 ? resolve(undefined) : reject(new Error(String(answer.statusCode))));
        });
        sending.on('error', reject).end(block);
      });
    }
    function sign(path, headers) {
      const names = Object.keys(headers).sort();
      const hash = (text) => createHash('sha256').update(text).digest('hex');
      const canonical = ['PUT', path, '', ...names.map((name) => name + ':' + headers[name]), '', names.join(';'), headers['x-amz-content-sha256']].join('\\n');
      const scope = [headers['x-amz-date'].slice(0, 8), 'us-west-2', 'ebs', 'aws4_request'];
      const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope.join('/'), hash(canonical)].join('\\n');
      let key = Buffer.from('AWS4' + process.env.AWS_SECRET_ACCESS_KEY);
      for (const part of scope) key = createHmac('sha256', key).update(part).digest();
      const signature = createHmac('sha256', key).update(text).digest('hex');
      return 'AWS4-HMAC-SHA256 Credential=' + process.env.AWS_ACCESS_KEY_ID + '/' + scope.join('/') + ', SignedHeaders=' + names.join(';') + ', Signature=' + signature;
    }`;
}

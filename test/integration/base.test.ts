import { copyFile, mkdir, open, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findBase } from '../../src/base/find-base.ts';
import { listBases } from '../../src/base/list-bases.ts';
import { type PreparedBase, prepareBase } from '../../src/base/prepare-base.ts';
import type { BuildEvent } from '../../src/events.ts';
import { hashFile, temporaryFolder } from '../../src/system/files.ts';
import { run } from '../../src/system/process.ts';
import { Scope } from '../../src/system/scope.ts';

const MIB = 1024 ** 2;
const NAME = 'debian-12-generic-amd64';

/** Real images of a few MiB, packed by the real tools. */
describe('a given base image', () => {
  const whole = new Scope();
  let samples: string;
  let scope: Scope;
  let imagePath: string;
  let cacheFolder: string;
  let events: BuildEvent[];

  beforeAll(async () => {
    samples = await temporaryFolder(whole);
    await makeSamples(samples);
  });
  afterAll(() => whole[Symbol.asyncDispose]());
  beforeEach(async () => {
    scope = new Scope();
    imagePath = await temporaryFolder(scope);
    cacheFolder = join(imagePath, '.cache');
    events = [];
  });
  afterEach(() => scope[Symbol.asyncDispose]());

  const give = (sample: string, name = sample): Promise<void> =>
    copyFile(join(samples, sample), join(imagePath, name));
  const prepare = async (request: { checksum?: string; location?: string } = {}): Promise<PreparedBase> => {
    const nothing = { location: undefined, checksum: undefined, family: undefined };
    const choice = await findBase({ imagePath, ...nothing, ...request });
    return prepareBase(choice, { cacheFolder, emit: (event) => events.push(event) });
  };

  it.each([
    '.bz2',
    '.gz',
    '.xz',
    '.zst',
  ])('is decompressed once from %s, and is the same disk', async (extension) => {
    await give(`${NAME}.raw${extension}`);
    const base = await prepare();
    expect(base).toMatchObject({
      format: 'raw',
      virtualSizeBytes: 8 * MIB,
      sshUser: 'debian',
      reused: false,
    });
    expect(await hashFile(base.path)).toBe(await hashFile(join(samples, `${NAME}.raw`)));
    const { mtimeMs } = await stat(base.path);
    expect(await prepare()).toMatchObject({ path: base.path, reused: true });
    expect((await stat(base.path)).mtimeMs).toBe(mtimeMs);
    const outcomes = events.flatMap((event) => (event.type === 'phase-finished' ? [event.outcome] : []));
    expect(outcomes).toEqual(['done', 'reused']);
    expect((await listBases(imagePath, cacheFolder)).map(({ kind }) => kind)).toEqual(['given', 'cached']);
  });

  it('is told by its content, not by its name', async () => {
    await give(`${NAME}.raw.gz`, `${NAME}.raw`);
    expect(await prepare()).toMatchObject({ format: 'raw', virtualSizeBytes: 8 * MIB });
  });

  it.each(['qcow2', 'compressed.qcow2', 'raw'])('is used where it is when it is %s', async (extension) => {
    await give(`${NAME}.${extension}`, `${NAME}.${extension.replace('compressed.', '')}`);
    const format = extension === 'raw' ? 'raw' : 'qcow2';
    const base = await prepare();
    expect(base).toMatchObject({ format, virtualSizeBytes: 8 * MIB, reused: true, source: base.path });
    expect(base.path.startsWith(join(imagePath, NAME))).toBe(true);
    expect(base.checksum).toEqual({ algorithm: 'sha256', hex: await hashFile(base.path) });
  });

  it('is verified as it is given, before it is unpacked', async () => {
    await give(`${NAME}.raw.xz`);
    const file = join(imagePath, `${NAME}.raw.xz`);
    for (const algorithm of ['md5', 'sha256', 'sha512'] as const) {
      const hex = await hashFile(file, algorithm);
      expect((await prepare({ checksum: `${algorithm}:${hex}` })).checksum).toEqual({ algorithm, hex });
    }
    const wrong = 'f'.repeat(32);
    const right = await hashFile(file, 'md5');
    await expect(prepare({ checksum: `md5:${wrong}` })).rejects.toMatchObject({
      code: 'checksum-mismatch',
      message: `${NAME}.raw.xz has md5 ${right}, but ${wrong} is expected`,
    });
  });

  it('is verified by the digests beside it', async () => {
    const name = 'flatcar_production_qemu_image.img.bz2';
    await give(`${NAME}.raw.bz2`, name);
    await writeFile(join(imagePath, `${name}.DIGESTS`), `# SHA512 HASH\n${'0'.repeat(128)}  ${name}\n`);
    await expect(prepare()).rejects.toMatchObject({ code: 'checksum-mismatch' });
  });

  it('tells how far it is', async () => {
    await give(`${NAME}.raw.gz`);
    await prepare();
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'progress', item: 'checksum', fraction: 1 }),
    );
  });

  /** The cache gets a disk of its own, of 2 MiB. */
  async function smallCache(): Promise<void> {
    await mkdir(cacheFolder);
    await run(['mount', '-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', cacheFolder]);
    scope.defer(async () => {
      await run(['umount', cacheFolder]);
    });
  }

  it.each([
    '.bz2',
    '.gz',
    '.xz',
    '.zst',
  ])('that finds no room to be decompressed from %s says so, and leaves nothing', async (extension) => {
    await give(`${NAME}.raw${extension}`);
    await smallCache();
    await expect(prepare()).rejects.toMatchObject({
      code: 'disk-full',
      message: `the disk is full: ${NAME}.raw${extension} cannot be decompressed`,
    });
    expect(await readdir(cacheFolder)).toEqual([]);
  });

  describe('that is damaged', () => {
    it.each([
      ['the compressed file is cut off', `${NAME}.raw.xz`, 0.6, 'base-damaged', 'xz cannot decompress it'],
      ['the gzip file is cut off', `${NAME}.raw.gz`, 0.6, 'base-damaged', 'gzip cannot decompress it'],
      ['the qcow2 is cut off', `${NAME}.qcow2`, 0.6, 'base-damaged', 'damaged or cut off'],
      [
        'the compressed qcow2 is cut off',
        `${NAME}.compressed.qcow2`,
        0.6,
        'base-damaged',
        'damaged or cut off',
      ],
      ['the file is empty', `${NAME}.qcow2`, 0, 'base-not-a-disk', 'an empty file'],
    ] as const)('is refused when %s', async (_, sample, share, code, message) => {
      const name = sample.replace('.compressed', '');
      await give(sample, name);
      const file = join(imagePath, name);
      await truncate(file, Math.floor((await stat(file)).size * share));
      await expect(prepare()).rejects.toMatchObject({
        code,
        message: expect.stringContaining(message) as string,
      });
      expect(await readdir(cacheFolder)).toEqual([]);
    });

    it('is refused when its tables are overwritten', async () => {
      await give(`${NAME}.qcow2`);
      const file = await open(join(imagePath, `${NAME}.qcow2`), 'r+');
      await file.write(Buffer.alloc(65_536, 0xff), 0, 65_536, 131_072);
      await file.close();
      await expect(prepare()).rejects.toMatchObject({ code: 'base-damaged' });
    });

    it('is refused when it is only the top of a chain', async () => {
      const file = join(imagePath, `${NAME}.qcow2`);
      const below = join(samples, `${NAME}.qcow2`);
      await run(['qemu-img', 'create', '-q', '-f', 'qcow2', '-b', below, '-F', 'qcow2', file]);
      await expect(prepare()).rejects.toMatchObject({
        code: 'base-not-a-disk',
        message: expect.stringContaining(below) as string,
      });
    });

    it('is refused when it is a web page', async () => {
      await writeFile(join(imagePath, `${NAME}.qcow2`), '<html>sign in</html>');
      await expect(prepare()).rejects.toMatchObject({
        code: 'base-not-a-disk',
        message: expect.stringContaining('a web page') as string,
      });
    });
  });

  describe('behind an address', () => {
    let address: string;
    let requests: number;

    beforeEach(async () => {
      const content = await readFile(join(samples, `${NAME}.raw.bz2`));
      requests = 0;
      const server = createServer((request, response) => {
        requests += 1;
        // Without a length nobody knows beforehand how much room it needs.
        if (request.url?.endsWith('?chunked')) response.flushHeaders();
        response.end(content);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      scope.defer(() => {
        server.close();
      });
      const bound = server.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
      address = `http://127.0.0.1:${port}/${NAME}.raw.bz2`;
    });

    it('is fetched and unpacked once', async () => {
      const base = await prepare({ location: address });
      expect(base).toMatchObject({ format: 'raw', source: address, reused: false });
      expect(await hashFile(base.path)).toBe(await hashFile(join(samples, `${NAME}.raw`)));
      expect(await prepare({ location: address })).toMatchObject({ reused: true });
      expect(requests).toBe(1);
    });

    it.each([
      ['of known length', '', /^no room in .*\.cache for the base image, \d+ bytes are needed$/],
      ['of unknown length', '?chunked', /^no room in .*\.cache for the base image$/],
    ])('and %s says so when there is no room for it', async (_, query, message) => {
      await smallCache();
      await expect(prepare({ location: address + query })).rejects.toMatchObject({
        code: 'disk-full',
        message: expect.stringMatching(message) as string,
      });
    });

    it('is not kept when it is the wrong one', async () => {
      const request = { location: address, checksum: `sha256:${'0'.repeat(64)}` };
      await expect(prepare(request)).rejects.toMatchObject({ code: 'checksum-mismatch' });
      expect(await readdir(cacheFolder)).toEqual([]);
    });
  });
});

/** A raw disk with a boot signature and data that do not compress, and every form in which it may be given. */
async function makeSamples(folder: string): Promise<void> {
  const raw = join(folder, `${NAME}.raw`);
  const content = Buffer.alloc(8 * MIB);
  // A fixed pseudo-random sequence: incompressible, so that every cut loses data.
  let state = 1;
  for (let offset = MIB; offset < 5 * MIB; offset += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    content.writeUInt32LE(state, offset);
  }
  content.writeUInt16LE(0xaa55, 510);
  await writeFile(raw, content);
  await run(['bzip2', '-k', raw]);
  await run(['gzip', '-k', raw]);
  await run(['xz', '-k', '-0', raw]);
  await run(['zstd', '-q', '-k', raw]);
  await run(['qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', raw, join(folder, `${NAME}.qcow2`)]);
  const compressed = join(folder, `${NAME}.compressed.qcow2`);
  await run(['qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', '-c', raw, compressed]);
}

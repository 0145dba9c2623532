import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../system/files.ts';
import { Scope } from '../system/scope.ts';
import { type BaseRequest, findBase } from './find-base.ts';

const FLATCAR = 'flatcar_production_qemu_image.img';
const SUM = `sha256:${'a'.repeat(64)}`;

describe('findBase', () => {
  let scope: Scope;
  let imagePath: string;
  const put = (name: string, content = 'x'): Promise<void> => writeFile(join(imagePath, name), content);
  const find = (request: Partial<BaseRequest> = {}): ReturnType<typeof findBase> =>
    findBase({ imagePath, location: undefined, checksum: undefined, family: undefined, ...request });

  beforeEach(async () => {
    scope = new Scope();
    imagePath = await temporaryFolder(scope);
  });
  afterEach(() => scope[Symbol.asyncDispose]());

  it('takes the embedded Debian when there is nothing, also when IMAGE_PATH does not exist yet', async () => {
    expect(await find()).toMatchObject({ kind: 'embedded', family: 'debian', sshUser: 'core' });
    expect(await find({ imagePath: join(imagePath, 'later') })).toMatchObject({ kind: 'embedded' });
  });

  it('finds a published name, and says where', async () => {
    await put(FLATCAR);
    await put('notes.txt');
    expect(await find()).toMatchObject({
      kind: 'file',
      location: join(imagePath, FLATCAR),
      family: 'flatcar',
      sshUser: 'core',
      why: `found in ${imagePath}`,
    });
  });

  it('prefers BASE_IMAGE, then IMAGE_NAME, then a published name', async () => {
    await put(FLATCAR);
    await put('ubuntu-golden.qcow2');
    await put('debian-mine.raw');
    expect(await find({ imageName: 'ubuntu-golden' })).toMatchObject({
      name: 'ubuntu-golden.qcow2',
      family: 'ubuntu',
    });
    const location = join(imagePath, 'debian-mine.raw');
    expect(await find({ imageName: 'ubuntu-golden', location })).toMatchObject({ name: 'debian-mine.raw' });
  });

  it('takes a decompressed file before its compressed original', async () => {
    await put(`${FLATCAR}.bz2`);
    expect(await find()).toMatchObject({ name: `${FLATCAR}.bz2` });
    await put(FLATCAR);
    expect(await find()).toMatchObject({ name: FLATCAR });
  });

  it('does not choose between several: it names them and BASE_IMAGE', async () => {
    await put(FLATCAR);
    await put('jammy-server-cloudimg-amd64.img');
    await expect(find()).rejects.toMatchObject({
      code: 'base-missing',
      message: `several base images in ${imagePath}: ${FLATCAR}, jammy-server-cloudimg-amd64.img`,
      hint: expect.stringContaining('BASE_IMAGE') as string,
    });
  });

  it('uses the digests beside a file, but the given checksum before them', async () => {
    await put(FLATCAR);
    await put(`${FLATCAR}.DIGESTS`, `# SHA512 HASH\n${'b'.repeat(128)}  ${FLATCAR}\n`);
    expect(await find()).toMatchObject({ checksum: { algorithm: 'sha512', hex: 'b'.repeat(128) } });
    expect(await find({ checksum: SUM })).toMatchObject({ checksum: { algorithm: 'sha256' } });
  });

  it('shows an address without its credentials', async () => {
    const location = `https://me:hunter2@example.org/x/${FLATCAR}.bz2?token=hunter3`;
    const choice = await find({ location });
    expect(choice).toMatchObject({ kind: 'url', location, family: 'flatcar' });
    expect(choice.name).toBe(`https://example.org/x/${FLATCAR}.bz2`);
  });

  it('asks for the family when the name does not tell, and believes BASE_FAMILY before the name', async () => {
    await put('disk.img');
    const location = join(imagePath, 'disk.img');
    await expect(find({ location })).rejects.toMatchObject({
      code: 'base-missing',
      hint: expect.stringContaining('BASE_FAMILY') as string,
    });
    expect(await find({ location, family: 'ubuntu' })).toMatchObject({ family: 'ubuntu', sshUser: 'ubuntu' });
  });

  it.each([
    [
      'a file that is not there',
      { location: '/nowhere/debian.img' },
      'base-missing',
      '/nowhere/debian.img: ENOENT',
    ],
    ['a malformed checksum', { checksum: 'sha256:abc' }, 'checksum-malformed', 'sha256 has 64 digits'],
    ['a checksum of nothing', { checksum: SUM }, 'settings-invalid', 'no base image to check'],
    ['a family of nothing', { family: 'flatcar' }, 'base-missing', 'BASE_FAMILY is flatcar'],
  ] as const)('refuses %s', async (_, request, code, message) => {
    await expect(find(request)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
  });

  it('refuses a folder as the base image', async () => {
    await mkdir(join(imagePath, 'debian'));
    await expect(find({ location: join(imagePath, 'debian') })).rejects.toMatchObject({
      code: 'base-missing',
    });
  });
});

import { link, lstat, mkdir, readFile, rename, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { imageInfo } from '../../src/qemu/qemu-img.ts';
import { hashFile } from '../../src/system/files.ts';
import { run } from '../../src/system/process.ts';
import { DiskBench, MEBIBYTE } from './convert-rig.ts';

const DRIVERS: Readonly<Record<string, string>> = {
  qcow2: 'qcow2',
  raw: 'raw',
  vdi: 'vdi',
  vhd: 'vpc',
  vmdk: 'vmdk',
};
const ALL = Object.keys(DRIVERS).join(',');

/** The same disk, told by the sha256 of its plain bytes. */
async function digestOf(bench: DiskBench, name: string, driver: string): Promise<string> {
  return hashFile(await bench.rawOf(name, driver));
}

describe('convert: the same disk in every format', () => {
  it.each([
    ['a size that no format rounds', 64 * MEBIBYTE],
    ['10000 MiB, which VHD would round up without force_size', 10_000 * MEBIBYTE],
    ['a multiple of 63 MiB, which VHD would keep', 126 * MEBIBYTE],
    ['a size that is no whole number of MiB', 10 * MEBIBYTE + 512],
    ['a size that ends in the middle of a block of every format', 3 * MEBIBYTE + 65_536 + 1024],
    ['a single sector', 512],
  ])('keeps %s', async (_what, sizeBytes) => {
    await using bench = await DiskBench.open();
    await bench.create('disk.qcow2', 'qcow2', sizeBytes);
    await bench.write('disk.qcow2', 'qcow2', 'write -P 0x11 0 512', `write -P 0x22 ${sizeBytes - 512} 512`);
    // Hashing gigabytes of zeros tells nothing.
    const formats = sizeBytes > 1024 * MEBIBYTE ? 'qcow2,vdi,vhd,vmdk' : ALL;
    const artifacts = await bench.convert('disk.qcow2', formats);
    expect(artifacts.map(({ format }) => format).join(',')).toBe(formats);
    for (const { format, file, bytes, virtualBytes, sha256 } of artifacts) {
      const info = await imageInfo(bench.at(`out/${file}`), { format: DRIVERS[format] ?? '' });
      expect([format, info.virtualSizeBytes, virtualBytes]).toEqual([format, sizeBytes, sizeBytes]);
      expect((await stat(bench.at(`out/${file}`))).size).toBe(bytes);
      expect(await hashFile(bench.at(`out/${file}`))).toBe(sha256);
    }
  });

  it.each([
    [
      'scattered',
      Array.from({ length: 40 }, (_, index) => `write -P ${index + 1} ${index * 1_500_160} 4096`),
    ],
    ['dense', ['write -P 0xa5 0 48M', 'write -P 0x5a 48M 16M']],
    ['none', []],
    ['zeros that were written', ['write -P 0 0 4M', 'write -z 8M 4M', 'write -P 7 5M 4096']],
  ])('keeps data that are %s', async (_what, commands) => {
    await using bench = await DiskBench.open();
    await bench.create('disk.qcow2', 'qcow2', 64 * MEBIBYTE);
    if (commands.length > 0) await bench.write('disk.qcow2', 'qcow2', ...commands);
    const expected = await digestOf(bench, 'disk.qcow2', 'qcow2');
    await bench.convert('disk.qcow2', ALL);
    for (const [format, driver] of Object.entries(DRIVERS)) {
      expect([format, await digestOf(bench, `out/disk.${format}`, driver)]).toEqual([format, expected]);
    }
  });

  it('reads through a chain of three', async () => {
    await using bench = await DiskBench.open();
    await bench.create('base.qcow2', 'qcow2', 64 * MEBIBYTE);
    await bench.write('base.qcow2', 'qcow2', 'write -P 1 0 8M');
    await bench.createOverlay('middle.qcow2', 'base.qcow2');
    await bench.write('middle.qcow2', 'qcow2', 'write -P 2 4M 8M');
    await bench.createOverlay('top.qcow2', 'middle.qcow2');
    await bench.write('top.qcow2', 'qcow2', 'write -P 3 8M 8M', 'write -z 0 1M');
    await bench.convert('top.qcow2', ALL, { name: 'flat' });
    await bench.write(
      'out/flat.vdi',
      'vdi',
      'read -P 0 0 1M',
      'read -P 1 1M 3M',
      'read -P 2 4M 4M',
      'read -P 3 8M 8M',
      'read -P 0 16M 48M',
    );
    expect((await imageInfo(bench.at('out/flat.qcow2'))).backingFile).toBeUndefined();
  });

  it.each([
    ['raw', 'raw', []],
    ['vdi', 'vdi', []],
    ['vmdk', 'vmdk', []],
    ['dynamic vhd', 'vpc', ['-o', 'subformat=dynamic,force_size=on']],
    [
      'fixed vhd, which looks like a raw disk that is too long',
      'vpc',
      ['-o', 'subformat=fixed,force_size=on'],
    ],
    ['flat vmdk, which is two files', 'vmdk', ['-o', 'subformat=monolithicFlat']],
  ])('takes a source that is %s, whatever its name', async (_what, driver, args) => {
    await using bench = await DiskBench.open();
    await bench.create('disk.bin', driver, 10 * MEBIBYTE, args);
    await bench.write('disk.bin', driver, 'write -P 0x42 1M 2M', 'write -P 0x43 10485248 512');
    const [artifact] = await bench.convert('disk.bin', 'qcow2');
    expect(artifact?.virtualBytes).toBe(10 * MEBIBYTE);
    expect(await digestOf(bench, 'out/disk.bin.qcow2', 'qcow2')).toBe(
      await digestOf(bench, 'disk.bin', driver),
    );
  });

  it('takes a compressed qcow2', async () => {
    await using bench = await DiskBench.open();
    await bench.create('disk.raw', 'raw', 10 * MEBIBYTE);
    await bench.write('disk.raw', 'raw', 'write -P 0x42 1M 2M');
    const compressed = bench.at('disk.qcow2');
    await run(['qemu-img', 'convert', '-c', '-f', 'raw', '-O', 'qcow2', bench.at('disk.raw'), compressed]);
    await bench.convert('disk.qcow2', 'vmdk');
    expect(await digestOf(bench, 'out/disk.vmdk', 'vmdk')).toBe(await hashFile(bench.at('disk.raw')));
  });

  it('takes names that mean something to qemu-img', async () => {
    await using bench = await DiskBench.open();
    await bench.create('nbd:a,b=c d.qcow2', 'qcow2', MEBIBYTE);
    await bench.convert('nbd:a,b=c d.qcow2', 'vdi');
    expect(await bench.list()).toEqual(['nbd:a,b=c d.vdi']);
  });
});

describe('convert: what it tells', () => {
  it('tells of the progress of each format, from 0 to 1, and of each file', async () => {
    await using bench = await DiskBench.open();
    await bench.create('disk.qcow2', 'qcow2', 64 * MEBIBYTE);
    await bench.write('disk.qcow2', 'qcow2', 'write -P 1 0 64M');
    const artifacts = await bench.convert('disk.qcow2', 'vdi,vmdk');
    for (const item of ['vdi', 'vmdk']) {
      const fractions = bench.events.flatMap((event) =>
        event.type === 'progress' && event.item === item ? [event.fraction] : [],
      );
      expect(fractions.length).toBeGreaterThan(4);
      expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
      expect([fractions[0], fractions.at(-1)]).toEqual([0, 1]);
    }
    const made = bench.events.filter(({ type }) => type === 'artifact-made');
    expect(made).toHaveLength(2);
    expect(made).toEqual(
      expect.arrayContaining(artifacts.map((each) => ({ type: 'artifact-made', ...each }))),
    );
  });
});

describe('convert: a qcow2 in its own place', () => {
  it('replaces an overlay by one that stands alone, and leaves what was behind it as it was', async () => {
    await using bench = await DiskBench.open();
    await bench.create('base.qcow2', 'qcow2', 8 * MEBIBYTE);
    await bench.write('base.qcow2', 'qcow2', 'write -P 1 0 2M');
    await bench.createOverlay('disk.qcow2', 'base.qcow2');
    await bench.write('disk.qcow2', 'qcow2', 'write -P 2 1M 2M');
    const expected = await digestOf(bench, 'disk.qcow2', 'qcow2');
    const base = await hashFile(bench.at('base.qcow2'));
    await bench.convert('disk.qcow2', 'qcow2,vdi', { outputFolder: bench.folder });
    expect((await imageInfo(bench.at('disk.qcow2'))).backingFile).toBeUndefined();
    expect(await digestOf(bench, 'disk.qcow2', 'qcow2')).toBe(expected);
    expect(await digestOf(bench, 'disk.vdi', 'vdi')).toBe(expected);
    expect(await hashFile(bench.at('base.qcow2'))).toBe(base);
  });

  it('replaces a link to a disk by the disk', async () => {
    await using bench = await DiskBench.open();
    await bench.create('layer.qcow2', 'qcow2', MEBIBYTE);
    await symlink('layer.qcow2', bench.at('disk.qcow2'));
    const before = await hashFile(bench.at('layer.qcow2'));
    await bench.convert('disk.qcow2', 'qcow2', { outputFolder: bench.folder });
    expect((await lstat(bench.at('disk.qcow2'))).isFile()).toBe(true);
    expect(await hashFile(bench.at('layer.qcow2'))).toBe(before);
  });

  it('keeps one that stands alone as it is', async () => {
    await using bench = await DiskBench.open();
    await bench.create('disk.qcow2', 'qcow2', MEBIBYTE);
    const { ino } = await stat(bench.at('disk.qcow2'));
    const [artifact] = await bench.convert('disk.qcow2', 'qcow2,vdi', { outputFolder: bench.folder });
    expect((await stat(bench.at('disk.qcow2'))).ino).toBe(ino);
    expect(artifact?.sha256).toBe(await hashFile(bench.at('disk.qcow2')));
    expect(await bench.list('.')).toEqual(['disk.qcow2', 'disk.vdi']);
  });

  it('leaves the overlay as it is when another format fails', async () => {
    await using bench = await DiskBench.open();
    await bench.create('base.qcow2', 'qcow2', 3 * 1024 ** 4);
    await bench.createOverlay('disk.qcow2', 'base.qcow2');
    const converting = bench.convert('disk.qcow2', 'qcow2,vhd', { outputFolder: bench.folder });
    await expect(converting).rejects.toMatchObject({ code: 'convert-failed' });
    expect((await imageInfo(bench.at('disk.qcow2'))).backingFile).toBe(bench.at('base.qcow2'));
    expect(await bench.list('.')).toEqual(['base.qcow2', 'disk.qcow2']);
  });
});

describe('convert: files that are there already', () => {
  it('are not touched, and nothing is written', async () => {
    await using bench = await DiskBench.open();
    await bench.create('disk.qcow2', 'qcow2', MEBIBYTE);
    await mkdir(bench.at('out'));
    await writeFile(bench.at('out/disk.vhd'), 'precious');
    await expect(bench.convert('disk.qcow2', 'vdi,vhd')).rejects.toMatchObject({
      code: 'settings-invalid',
      message: `${join(bench.folder, 'out/disk.vhd')} exists already`,
    });
    expect(await readFile(bench.at('out/disk.vhd'), 'utf8')).toBe('precious');
    expect(await bench.list()).toEqual(['disk.vhd']);
  });

  it('are replaced when told to', async () => {
    await using bench = await DiskBench.open();
    await bench.create('disk.qcow2', 'qcow2', MEBIBYTE);
    await mkdir(bench.at('out'));
    await writeFile(bench.at('out/disk.vhd'), 'not precious');
    const [artifact] = await bench.convert('disk.qcow2', 'vhd', { force: true });
    expect(await hashFile(bench.at('out/disk.vhd'))).toBe(artifact?.sha256);
  });

  it('are not replaced when they came meanwhile', async () => {
    await using bench = await DiskBench.open();
    await bench.create('disk.qcow2', 'qcow2', MEBIBYTE);
    let written: Promise<void> | undefined;
    const emit = (): void => {
      written ??= writeFile(bench.at('out/disk.vdi'), 'precious');
    };
    await expect(bench.convert('disk.qcow2', 'vdi', { emit })).rejects.toMatchObject({
      code: 'settings-invalid',
    });
    await written;
    expect(await readFile(bench.at('out/disk.vdi'), 'utf8')).toBe('precious');
    expect(await bench.list()).toEqual(['disk.vdi']);
  });

  it('are never replaced when the disk is read from them', async () => {
    await using bench = await DiskBench.open();
    await bench.create('base.qcow2', 'qcow2', MEBIBYTE);
    await bench.createOverlay('disk.qcow2', 'base.qcow2');
    const request = { outputFolder: bench.folder, name: 'base', force: true };
    await expect(bench.convert('disk.qcow2', 'qcow2', request)).rejects.toMatchObject({
      code: 'settings-invalid',
    });
    expect((await imageInfo(bench.at('disk.qcow2'))).virtualSizeBytes).toBe(MEBIBYTE);
  });
});

describe('convert: sources that are no good', () => {
  /** Nothing may be written for any of them, not even the folder. */
  async function refuses(bench: DiskBench, source: string, message: RegExp): Promise<void> {
    await expect(bench.convert(source, 'vdi,vmdk')).rejects.toMatchObject({
      code: 'input-unreadable',
      message: expect.stringMatching(message) as string,
    });
    expect(await bench.list('.')).not.toContain('out');
  }

  it('says that one is missing', async () => {
    await using bench = await DiskBench.open();
    await refuses(bench, 'nowhere/disk.qcow2', /nowhere\/disk\.qcow2 does not exist$/);
  });

  it('says that one is a folder', async () => {
    await using bench = await DiskBench.open();
    await mkdir(bench.at('disk.qcow2'));
    await refuses(bench, 'disk.qcow2', /is a folder/);
  });

  it.each([
    ['an empty file', ''],
    ['a text', 'not a disk\n'],
  ])('says that %s is no disk image', async (_what, content) => {
    await using bench = await DiskBench.open();
    await writeFile(bench.at('disk.img'), content);
    await refuses(bench, 'disk.img', /is not a disk image/);
  });

  it.each([
    ['qcow2', 'qcow2', []],
    ['vdi', 'vdi', []],
    ['vmdk', 'vmdk', []],
    ['vhd', 'vpc', []],
    ['flat vmdk', 'vmdk', ['-o', 'subformat=monolithicFlat']],
  ])('finds that a %s is cut off', async (_what, driver, args) => {
    await using bench = await DiskBench.open();
    await bench.create('disk.img', driver, 64 * MEBIBYTE, args);
    await bench.write('disk.img', driver, 'write -P 1 0 32M');
    const flat = (await bench.list('.')).find((name) => name.includes('flat')) ?? 'disk.img';
    const { size } = await stat(bench.at(flat));
    await truncate(bench.at(flat), Math.floor((size * 2) / 3));
    await refuses(bench, 'disk.img', /cut off|cannot be opened/);
  });

  it('finds that a compressed qcow2 is cut off', async () => {
    await using bench = await DiskBench.open();
    await run(['dd', 'if=/dev/urandom', `of=${bench.at('disk.raw')}`, 'bs=1M', 'count=8', 'status=none']);
    const path = bench.at('disk.qcow2');
    await run(['qemu-img', 'convert', '-c', '-f', 'raw', '-O', 'qcow2', bench.at('disk.raw'), path]);
    await truncate(path, Math.floor(((await stat(path)).size * 2) / 3));
    await refuses(bench, 'disk.qcow2', /cut off/);
  });

  it('finds that a file behind it is cut off', async () => {
    await using bench = await DiskBench.open();
    await bench.create('base.qcow2', 'qcow2', 16 * MEBIBYTE);
    await bench.write('base.qcow2', 'qcow2', 'write -P 1 0 8M');
    await bench.createOverlay('disk.qcow2', 'base.qcow2');
    await truncate(bench.at('base.qcow2'), 6 * MEBIBYTE);
    await refuses(bench, 'disk.qcow2', /base\.qcow2 is damaged or cut off/);
  });

  it('says that one keeps its data in another file, and which', async () => {
    await using bench = await DiskBench.open();
    await bench.create('disk.qcow2', 'qcow2', MEBIBYTE, ['-o', `data_file=${bench.at('data.raw')}`]);
    await refuses(bench, 'disk.qcow2', /keeps its data in another file, .*data\.raw$/);
  });

  it('finds that a file behind it is missing, and qemu-img says which', async () => {
    await using bench = await DiskBench.open();
    await bench.create('base.qcow2', 'qcow2', MEBIBYTE);
    await bench.createOverlay('disk.qcow2', 'base.qcow2');
    await rename(bench.at('base.qcow2'), bench.at('moved.qcow2'));
    const error: unknown = await bench.convert('disk.qcow2', 'vdi').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'input-unreadable' });
    expect((error as { tail: string[] }).tail.join('\n')).toContain(bench.at('base.qcow2'));
  });

  it('finds that a qcow2 contradicts itself', async () => {
    await using bench = await DiskBench.open();
    await bench.create('disk.qcow2', 'qcow2', 16 * MEBIBYTE);
    await bench.write('disk.qcow2', 'qcow2', 'write -P 1 0 8M');
    // The first entry of the first level-2 table, found behind the header's level-1 offset (bytes 40 to 47).
    const bytes = await readFile(bench.at('disk.qcow2'));
    const level1 = Number(bytes.readBigUInt64BE(40));
    const level2 = Number(bytes.readBigUInt64BE(level1) & 0x00ff_ffff_ffff_fe00n);
    bytes.writeBigUInt64BE(bytes.readBigUInt64BE(level2 + 8), level2);
    await writeFile(bench.at('disk.qcow2'), bytes);
    await refuses(bench, 'disk.qcow2', /qemu-img check finds \d+ errors/);
  });

  it('refuses a disk that a machine writes to', async () => {
    await using bench = await DiskBench.open();
    await bench.create('disk.qcow2', 'qcow2', MEBIBYTE);
    await link(bench.at('disk.qcow2'), bench.at('same.qcow2'));
    const holder = new AbortController();
    const holding = run(
      [
        'qemu-storage-daemon',
        '--blockdev',
        `qcow2,node-name=a,file.driver=file,file.filename=${bench.at('same.qcow2')}`,
        '--nbd-server',
        `addr.type=unix,addr.path=${bench.at('nbd.sock')}`,
        '--export',
        'nbd,id=e,node-name=a,writable=on',
      ],
      { signal: holder.signal },
    ).catch(() => undefined);
    await expect.poll(() => bench.list('.')).toContain('nbd.sock');
    try {
      await refuses(bench, 'disk.qcow2', /in use by another process/);
    } finally {
      holder.abort();
      await holding;
    }
  });
});

import { createHash } from 'node:crypto';
import { mkdir, readFile, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashFile } from '../../src/system/files.ts';
import { run } from '../../src/system/process.ts';
import { DiskBench, MEBIBYTE } from './convert-rig.ts';

const PYTHON = '/usr/bin/python3';
const GIBIBYTE = 1024 * MEBIBYTE;

const SIZES = [
  ['64 MiB', 64 * MEBIBYTE],
  ['a size that is no whole number of MiB', 10 * MEBIBYTE + 512 * 3],
  ['a single sector', 512],
] as const;

/** A disk with data at its beginning and in its last sector; in between many small ones, if there is room. */
async function openBench(sizeBytes: number): Promise<{ bench: DiskBench; plain: string }> {
  const bench = await DiskBench.open();
  await bench.create('disk.qcow2', 'qcow2', sizeBytes);
  await bench.write('disk.qcow2', 'qcow2', 'write -P 0x11 0 512', `write -P 0x44 ${sizeBytes - 512} 512`);
  if (sizeBytes > 60 * MEBIBYTE) {
    const commands = Array.from({ length: 30 }, (_, index) => `write -P ${index + 1} ${2 * index}M 4k`);
    await bench.write('disk.qcow2', 'qcow2', ...commands);
  }
  return { bench, plain: await bench.rawOf('disk.qcow2', 'qcow2') };
}

/** Unpacks an archive with GNU tar, and returns the names in their order. */
async function unpack(bench: DiskBench, archive: string): Promise<readonly string[]> {
  await mkdir(bench.at('unpacked'));
  const { stdout } = await run(['tar', '-xvf', bench.at(`out/${archive}`), '-C', bench.at('unpacked')]);
  return stdout.trim().split('\n');
}

async function textOf(bench: DiskBench, name: string): Promise<string> {
  return readFile(bench.at(`unpacked/${name}`), 'utf8');
}

describe.each(SIZES)('convert: %s', (_what, sizeBytes) => {
  it('ova: OVF first, then the manifest, then the disk, each as the manifest says', async () => {
    const { bench: opened, plain } = await openBench(sizeBytes);
    await using bench = opened;
    const [artifact] = await bench.convert('disk.qcow2', 'ova');
    expect(artifact?.sha256).toBe(await hashFile(bench.at('out/disk.ova')));
    const names = await unpack(bench, 'disk.ova');
    expect(names).toEqual(['disk.ovf', 'disk.mf', 'disk.stream.vmdk']);
    await run(['xmllint', '--noout', bench.at('unpacked/disk.ovf')]);
    const manifest = (await textOf(bench, 'disk.mf')).trim().split('\n');
    expect(manifest).toEqual(
      await Promise.all(
        ['disk.ovf', 'disk.stream.vmdk'].map(
          async (name) => `SHA256(${name})= ${await hashFile(bench.at(`unpacked/${name}`))}`,
        ),
      ),
    );
    const ovf = await textOf(bench, 'disk.ovf');
    expect(ovf).toContain(`ovf:size="${(await stat(bench.at('unpacked/disk.stream.vmdk'))).size}"`);
    expect(ovf).toContain(`ovf:capacity="${sizeBytes}"`);
    expect(await hashFile(await bench.rawOf('unpacked/disk.stream.vmdk', 'vmdk'))).toBe(
      await hashFile(plain),
    );
  });

  it('gce: disk.raw of whole GiB, to GNU tar and to Python', async () => {
    const { bench: opened, plain } = await openBench(sizeBytes);
    await using bench = opened;
    const [artifact] = await bench.convert('disk.qcow2', 'gce');
    expect(artifact).toMatchObject({ file: 'disk.tar.gz', virtualBytes: GIBIBYTE });
    expect(artifact?.sha256).toBe(await hashFile(bench.at('out/disk.tar.gz')));
    expect(await unpack(bench, 'disk.tar.gz')).toEqual(['disk.raw']);
    await truncate(plain, GIBIBYTE);
    const sha256 = await hashFile(plain);
    expect(await hashFile(bench.at('unpacked/disk.raw'))).toBe(sha256);
    // What is a hole in the disk is one again.
    expect((await stat(bench.at('unpacked/disk.raw'))).blocks * 512).toBeLessThan(70 * MEBIBYTE);
    const reader = join(import.meta.dirname, 'read-sparse-tar.py');
    const { stdout } = await run([PYTHON, reader, bench.at('out/disk.tar.gz')]);
    expect(stdout.trim()).toBe(`${GIBIBYTE} ${sha256}`);
  });

  it('vagrant-libvirt: a compressed qcow2 with its size in GiB', async () => {
    const { bench: opened, plain } = await openBench(sizeBytes);
    await using bench = opened;
    const [artifact] = await bench.convert('disk.qcow2', 'vagrant-libvirt');
    expect(artifact?.sha256).toBe(await hashFile(bench.at('out/disk.libvirt.box')));
    expect(await unpack(bench, 'disk.libvirt.box')).toEqual(['metadata.json', 'Vagrantfile', 'box.img']);
    expect(JSON.parse(await textOf(bench, 'metadata.json'))).toEqual({
      provider: 'libvirt',
      format: 'qcow2',
      virtual_size: 1,
    });
    expect(await hashFile(await bench.rawOf('unpacked/box.img', 'qcow2'))).toBe(await hashFile(plain));
  });

  it('vagrant-virtualbox: box.ovf with the disk that it names', async () => {
    const { bench: opened, plain } = await openBench(sizeBytes);
    await using bench = opened;
    await bench.convert('disk.qcow2', 'vagrant-virtualbox');
    const names = await unpack(bench, 'disk.virtualbox.box');
    expect(names).toEqual(['metadata.json', 'Vagrantfile', 'box.ovf', 'disk.stream.vmdk']);
    expect(JSON.parse(await textOf(bench, 'metadata.json'))).toEqual({ provider: 'virtualbox' });
    await run(['xmllint', '--noout', bench.at('unpacked/box.ovf')]);
    expect(await textOf(bench, 'box.ovf')).toContain('ovf:href="disk.stream.vmdk"');
    expect(await hashFile(await bench.rawOf('unpacked/disk.stream.vmdk', 'vmdk'))).toBe(
      await hashFile(plain),
    );
  });
});

describe('convert: formats that share the compressed disk', () => {
  it('are made of one, and leave nothing but themselves', async () => {
    const { bench: opened } = await openBench(64 * MEBIBYTE);
    await using bench = opened;
    await bench.convert('disk.qcow2', 'ova,vagrant-virtualbox,vmdk-stream,raw-zst,gce', { name: 'web' });
    expect(await bench.list()).toEqual([
      'web.ova',
      'web.raw.zst',
      'web.stream.vmdk',
      'web.tar.gz',
      'web.virtualbox.box',
    ]);
    const stream = await readFile(bench.at('out/web.stream.vmdk'));
    const sha256 = createHash('sha256').update(stream).digest('hex');
    await unpack(bench, 'web.ova');
    expect(await textOf(bench, 'web.mf')).toContain(`SHA256(web.stream.vmdk)= ${sha256}`);
  });

  it('leave nothing when the disk inside of an archive is not the source', async () => {
    const { bench: opened } = await openBench(64 * MEBIBYTE);
    await using bench = opened;
    // The server's disk differs from the source in one byte.
    await bench.wrapTool(
      'qemu-nbd',
      `for path in "$@"; do :; done
cp "$path" "$path.wrong"
qemu-io -f qcow2 -c 'write -P 0xee 2M 1' "$path.wrong" >/dev/null
exec "$real" --read-only --persistent --socket "$4" --format qcow2 "$path.wrong"`,
    );
    for (const [format, wrong] of [
      ['ova', /^ova is not the same disk: .*Content mismatch at offset 2097152/],
      ['gce', /^gce is not the same disk: /],
      ['raw-zst', /^raw-zst is not the same disk: /],
    ] as const) {
      await expect(bench.convert('disk.qcow2', format)).rejects.toMatchObject({
        code: 'compare-failed',
        message: expect.stringMatching(wrong) as string,
      });
    }
    expect(await bench.list()).toEqual([]);
  });

  it('are refused with a name that no archive holds', async () => {
    const { bench: opened } = await openBench(512);
    await using bench = opened;
    await expect(bench.convert('disk.qcow2', 'ova', { name: 'x'.repeat(98) })).rejects.toMatchObject({
      code: 'settings-invalid',
    });
    expect(await bench.list()).toEqual([]);
  });
});

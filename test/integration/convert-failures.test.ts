import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { convertCommand } from '../../src/commands/convert.ts';
import { Interrupted } from '../../src/errors.ts';
import type { BuildEvent } from '../../src/events.ts';
import { imageInfo } from '../../src/qemu/qemu-img.ts';
import { DiskBench, MEBIBYTE, smallOutput } from './convert-rig.ts';

describe('convert: a full disk', () => {
  it('is told before anything is written, with what is needed and what is free', async () => {
    await using bench = await DiskBench.open();
    await bench.create('disk.qcow2', 'qcow2', 64 * MEBIBYTE);
    await bench.write('disk.qcow2', 'qcow2', 'write -P 1 0 20M');
    await smallOutput(bench, 32 * MEBIBYTE);
    await expect(bench.convert('disk.qcow2', 'vdi,vhd')).rejects.toMatchObject({
      code: 'disk-full',
      message: `no room in ${bench.at('out')} for vdi, vhd: about 44 MiB needed, 32 MiB free`,
    });
    expect(bench.events).toEqual([]);
    expect(await bench.list()).toEqual([]);
  });

  it('is told when it comes during the conversion, and leaves nothing', async () => {
    await using bench = await DiskBench.open();
    await bench.create('disk.qcow2', 'qcow2', 64 * MEBIBYTE);
    // 4 KiB in each MiB: little data, but a vdi is made of whole MiB.
    const writes = Array.from({ length: 64 }, (_, index) => `write -P 1 ${index}M 4k`);
    await bench.write('disk.qcow2', 'qcow2', ...writes);
    await smallOutput(bench, 32 * MEBIBYTE);
    const error: unknown = await bench.convert('disk.qcow2', 'vdi').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'disk-full',
      message: expect.stringMatching(
        /^no room in .*\/out for vdi: about \d+ MiB needed, \d+ MiB free$/,
      ) as string,
    });
    expect((error as { tail: string[] }).tail.join('\n')).toContain('No space left on device');
    expect(await bench.list()).toEqual([]);
  });
});

describe('convert: a format that fails', () => {
  it('leaves nothing, does not lose the others, and is named', async () => {
    await using bench = await DiskBench.open();
    // VHD ends at 2040 GiB.
    await bench.create('disk.qcow2', 'qcow2', 3 * 1024 ** 4);
    await bench.write('disk.qcow2', 'qcow2', 'write -P 1 2T 1M');
    await expect(bench.convert('disk.qcow2', 'vhd,qcow2')).rejects.toMatchObject({
      code: 'convert-failed',
      message: expect.stringMatching(/^vhd cannot be made: /) as string,
    });
    expect(await bench.list()).toEqual(['disk.qcow2']);
    expect((await imageInfo(bench.at('out/disk.qcow2'))).virtualSizeBytes).toBe(3 * 1024 ** 4);
    expect(bench.events).toContainEqual({
      type: 'notice',
      level: 'info',
      text: 'finished all the same: disk.qcow2',
    });
  });

  it('names every one that failed', async () => {
    await using bench = await DiskBench.open();
    await bench.create('disk.qcow2', 'qcow2', MEBIBYTE);
    await bench.wrapTool(
      'qemu-img',
      '[ "$1" != convert ] || { echo "qemu-img: no luck today" >&2; exit 1; }\nexec "$real" "$@"',
    );
    await expect(bench.convert('disk.qcow2', 'vdi,vhd')).rejects.toMatchObject({
      problems: [
        { code: 'convert-failed', message: 'vdi cannot be made: no luck today' },
        { code: 'convert-failed', message: 'vhd cannot be made: no luck today' },
      ],
    });
    expect(await bench.list()).toEqual([]);
  });

  it('is found out when a single byte is wrong', async () => {
    await using bench = await DiskBench.open();
    await bench.create('disk.qcow2', 'qcow2', 4 * MEBIBYTE);
    await bench.write('disk.qcow2', 'qcow2', 'write -P 1 0 4M');
    await bench.wrapTool(
      'qemu-img',
      `"$real" "$@" || exit
[ "$1" = convert ] || exit 0
for copy in "$@"; do :; done
"$real" info "$copy" | grep -q 'file format: vdi' || exit 0
printf X | dd of="$copy" bs=1 seek=2000000 conv=notrunc status=none`,
    );
    await expect(bench.convert('disk.qcow2', 'vdi,vhd')).rejects.toMatchObject({
      code: 'compare-failed',
      message: expect.stringMatching(/^vdi is not the same disk: .*Content mismatch at offset \d+/) as string,
    });
    expect(await bench.list()).toEqual(['disk.vhd']);
  });

  it('is found out when its size is rounded up, though the surplus is zero', async () => {
    await using bench = await DiskBench.open();
    await bench.create('disk.qcow2', 'qcow2', 4 * MEBIBYTE);
    await bench.wrapTool(
      'qemu-img',
      `"$real" "$@" || exit
[ "$1" = convert ] || exit 0
for copy in "$@"; do :; done
exec "$real" resize -q -f raw "$copy" +1M`,
    );
    await expect(bench.convert('disk.qcow2', 'raw')).rejects.toMatchObject({
      code: 'compare-failed',
      message: 'raw is not the same disk: the copy is a disk of 5242880 bytes, and should be of 4194304',
    });
    expect(await bench.list()).toEqual([]);
  });
});

describe('convert: stopped in the middle', () => {
  it.each(['convert', 'compare'])('leaves nothing but the source when %s runs', async (stage) => {
    await using bench = await DiskBench.open();
    await bench.create('disk.qcow2', 'qcow2', 64 * MEBIBYTE);
    await bench.write('disk.qcow2', 'qcow2', 'write -P 1 0 64M');
    // It would last for ever: only the stop ends it.
    await bench.wrapTool(
      'qemu-img',
      `[ "$1" != ${stage} ] || { touch "$(dirname "$0")/reached"; exec sleep 600; }\nexec "$real" "$@"`,
    );
    const controller = new AbortController();
    const converting = bench.convert('disk.qcow2', 'vdi,vhd', { signal: controller.signal });
    const stopped = expect(converting).rejects.toBeInstanceOf(Interrupted);
    await expect
      .poll(() => stat(bench.at('bin/reached')).catch(() => undefined), { timeout: 20_000 })
      .toBeDefined();
    controller.abort(new Interrupted('SIGINT'));
    await stopped;
    expect(await bench.list()).toEqual([]);
  });

  it('leaves an overlay that would be replaced as it is', async () => {
    await using bench = await DiskBench.open();
    await bench.create('base.qcow2', 'qcow2', 8 * MEBIBYTE);
    await bench.createOverlay('disk.qcow2', 'base.qcow2');
    const before = await readFile(bench.at('disk.qcow2'));
    const controller = new AbortController();
    const emit = (event: BuildEvent): void => {
      // The other format has ended; the overlay waits for its turn or is still written.
      if (event.type === 'artifact-made') controller.abort(new Interrupted('SIGTERM'));
    };
    const request = { outputFolder: bench.folder, emit, signal: controller.signal };
    await expect(bench.convert('disk.qcow2', 'qcow2,vdi', request)).rejects.toBeInstanceOf(Interrupted);
    expect((await readFile(bench.at('disk.qcow2'))).equals(before)).toBe(true);
    expect((await bench.list('.')).filter((name) => name.includes('partial'))).toEqual([]);
  });
});

describe('the convert command', () => {
  async function command(bench: DiskBench, options: Record<string, string | boolean>): Promise<void> {
    await convertCommand.run(
      { args: ['disk.qcow2'], options, variables: {} },
      {
        env: {},
        cwd: bench.folder,
        programFolder: bench.folder,
        signal: new AbortController().signal,
        emit: (event) => bench.events.push(event),
        subscribe: () => () => undefined,
        print: () => undefined,
      },
    );
  }

  it('writes vdi, vhd and vmdk beside the image when nothing else is said', async () => {
    await using bench = await DiskBench.open();
    await bench.create('disk.qcow2', 'qcow2', MEBIBYTE);
    await command(bench, {});
    expect(await bench.list('.')).toEqual(['disk.qcow2', 'disk.vdi', 'disk.vhd', 'disk.vmdk']);
    expect(bench.events.at(-1)).toMatchObject({ type: 'phase-finished', phase: 'convert', outcome: 'done' });
  });

  it('takes the folder, the name and the formats, relative to where the user stands', async () => {
    await using bench = await DiskBench.open();
    await bench.create('disk.qcow2', 'qcow2', MEBIBYTE);
    await command(bench, { formats: 'raw', outputDir: 'a/b', name: 'c' });
    expect(await bench.list(join('a', 'b'))).toEqual(['c.raw']);
  });

  it('refuses an unknown format before it looks at the image', async () => {
    await using bench = await DiskBench.open();
    await expect(command(bench, { formats: 'vdi,xyz' })).rejects.toMatchObject({ code: 'format-unknown' });
  });
});

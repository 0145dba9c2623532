import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import { BuilderError } from '../errors.ts';
import { imageInfo } from '../qemu/qemu-img.ts';
import { ProcessError, run } from '../system/process.ts';

/** A disk image that a build can start from. */
export interface InspectedDisk {
  readonly format: 'qcow2' | 'raw';
  readonly virtualSizeBytes: number;
}

export const HEAD_BYTES = 4096;
const QCOW2_MAGIC = Buffer.from([0x51, 0x46, 0x49, 0xfb]);
const SECTOR_BYTES = 512;

/** Files that are taken for disk images by mistake, by their first bytes. */
const MISTAKES: readonly (readonly [RegExp, string])[] = [
  [/^\s*<(?:!doctype|html|\?xml)/i, 'a web page (was it saved in place of the image?)'],
  [/^KDMV|^# Disk DescriptorFile/, 'a VMDK image'],
  [/^<<< .*VM VirtualBox Disk Image/, 'a VDI image'],
  [/^conectix/, 'a VHD image'],
  [/^vhdxfile/, 'a VHDX image'],
  [/^PK\u0003\u0004/, 'a ZIP archive'],
  [/^[\t\n\r\u0020-\u007e]*$/, 'a text file'],
];

/** The first bytes of a file, fewer when it is shorter. */
export async function readHead(path: string): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    const { bytesRead } = await file.read(head, 0, HEAD_BYTES, 0);
    return head.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** What the first bytes of a file say it is. A raw disk must have a boot signature, or anything would pass for one. */
export function recognise(head: Buffer): 'qcow2' | 'raw' | { readonly mistake: string } {
  if (head.length === 0) return { mistake: 'an empty file' };
  if (head.subarray(0, QCOW2_MAGIC.length).equals(QCOW2_MAGIC)) return 'qcow2';
  const text = head.subarray(0, SECTOR_BYTES).toString('latin1');
  const mistake = MISTAKES.find(([pattern]) => pattern.test(text))?.[1];
  if (mistake !== undefined) return { mistake };
  const hasSignature = head.length >= SECTOR_BYTES && head.readUInt16LE(SECTOR_BYTES - 2) === 0xaa55;
  return hasSignature ? 'raw' : { mistake: 'a file without a boot sector' };
}

/**
 * Makes sure that a file is a whole disk image, qcow2 or raw.
 * Fails with `base-not-a-disk` or, for a qcow2 that is cut off or inconsistent, with `base-damaged`.
 */
export async function inspectDisk(path: string, signal?: AbortSignal): Promise<InspectedDisk> {
  const kind = recognise(await readHead(path));
  if (typeof kind === 'object') {
    throw new BuilderError(
      'base-not-a-disk',
      `${basename(path)} is not a disk image: it is ${kind.mistake}`,
      {
        hint: 'give a cloud image in qcow2 or raw format, also compressed with bzip2, gzip, xz or zstd',
      },
    );
  }
  const info = await imageInfo(path, { format: kind, ...(signal === undefined ? {} : { signal }) });
  const other = info.backingFile ?? info.dataFile;
  if (other !== undefined) {
    const message = `${basename(path)} is not a whole disk image: it needs the file ${other}`;
    throw new BuilderError('base-not-a-disk', message, {
      hint: `make a whole one: qemu-img convert -O qcow2 ${basename(path)} whole.qcow2`,
    });
  }
  if (kind === 'qcow2') await checkQcow2(path, signal);
  return { format: kind, virtualSizeBytes: info.virtualSizeBytes };
}

const Check = z.object({
  'image-end-offset': z.number().optional(),
  corruptions: z.number().default(0),
  'check-errors': z.number().default(0),
});

/** Exit codes of `qemu-img check`: 2 corrupted, 3 leaked clusters, which harm nothing. */
const CORRUPTED = 2;
const LEAKED = 3;

async function checkQcow2(path: string, signal: AbortSignal | undefined): Promise<void> {
  const result = await run(['qemu-img', 'check', '--force-share', '--output=json', '-f', 'qcow2', path], {
    acceptExitCodes: [CORRUPTED, LEAKED],
    ...(signal === undefined ? {} : { signal }),
  }).catch((thrown: unknown) => {
    if (!(thrown instanceof ProcessError) || thrown.failure !== 'exited') throw thrown;
    throw damaged(path, 'qemu-img check cannot read it to its end', thrown.tail);
  });
  const check = Check.parse(JSON.parse(result.stdout));
  if (check.corruptions > 0 || check['check-errors'] > 0) {
    throw damaged(
      path,
      `qemu-img check finds ${check.corruptions + check['check-errors']} errors`,
      result.tail,
    );
  }
  const { fileBytes, clusterBytes } = await qcow2Sizes(path);
  const endBytes = check['image-end-offset'] ?? 0;
  // The last cluster of a compressed image need not be filled up; whatever lacks more than that was cut off.
  if (fileBytes <= endBytes - clusterBytes) {
    throw damaged(path, `it ends after ${fileBytes} bytes, and its data reach up to ${endBytes}`, []);
  }
}

/** The file's size, and the cluster size that its header tells (bits, 4 bytes at offset 20). */
async function qcow2Sizes(path: string): Promise<{ fileBytes: number; clusterBytes: number }> {
  const file = await open(path, 'r');
  try {
    const bits = Buffer.alloc(4);
    await file.read(bits, 0, 4, 20);
    return { fileBytes: (await file.stat()).size, clusterBytes: 2 ** bits.readUInt32BE(0) };
  } finally {
    await file.close();
  }
}

function damaged(path: string, why: string, tail: readonly string[]): BuilderError {
  return new BuilderError('base-damaged', `the base image ${basename(path)} is damaged or cut off: ${why}`, {
    hint: 'fetch the file again and give its checksum with BASE_CHECKSUM',
    tail,
  });
}

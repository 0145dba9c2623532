import { open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BuilderError } from '../errors.ts';
import { syncFile } from '../system/files.ts';
import { ProcessError, run } from '../system/process.ts';

export type Compression = 'bzip2' | 'gzip' | 'xz' | 'zstd';

interface CompressionKind {
  readonly name: Compression;
  /** The first bytes of every such file. */
  readonly magic: Buffer;
  /** Commands that decompress standard input to standard output, the fastest first. */
  readonly commands: readonly (readonly string[])[];
}

const KINDS: readonly CompressionKind[] = [
  {
    name: 'bzip2',
    magic: Buffer.from('BZh'),
    commands: [
      ['lbzip2', '-dc'],
      ['pbzip2', '-dc'],
      ['bzip2', '-dc'],
    ],
  },
  {
    name: 'gzip',
    magic: Buffer.from([0x1f, 0x8b]),
    commands: [
      ['pigz', '-dc'],
      ['gzip', '-dc'],
    ],
  },
  { name: 'xz', magic: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), commands: [['xz', '-dc', '-T0']] },
  // --long: images packed with a large window are refused without it.
  { name: 'zstd', magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), commands: [['zstd', '-dcq', '--long=31']] },
];

/** How a file is compressed, told by its first bytes and not by its name. Undefined when it is not. */
export function compressionOf(firstBytes: Buffer): Compression | undefined {
  return KINDS.find(({ magic }) => firstBytes.subarray(0, magic.length).equals(magic))?.name;
}

export interface DecompressOptions {
  readonly signal?: AbortSignal;
  /** Told now and then how many bytes of the compressed file were read. */
  readonly onBytes?: (doneBytes: number) => void;
}

const PROGRESS_INTERVAL_MS = 500;

/**
 * Decompresses a file; the target appears whole or not at all. Fails with `base-damaged` when the file is
 * damaged or cut off, `disk-full`, or `tool-missing`.
 */
export async function decompress(
  source: string,
  target: string,
  compression: Compression,
  options: DecompressOptions = {},
): Promise<void> {
  const partial = join(dirname(target), `.${basename(target)}.partial-${process.pid}`);
  try {
    await decompressInto(source, partial, compression, options);
    await syncFile(partial);
    await rename(partial, target);
  } catch (thrown) {
    await rm(partial, { force: true });
    throw decompressFailure(thrown, source, compression);
  }
}

async function decompressInto(
  source: string,
  partial: string,
  compression: Compression,
  options: DecompressOptions,
): Promise<void> {
  const input = await open(source, 'r');
  const output = await open(partial, 'w', 0o644);
  const timer = setInterval(() => {
    void readPosition(input.fd).then((bytes) => options.onBytes?.(bytes));
  }, PROGRESS_INTERVAL_MS);
  try {
    const argv = await availableCommand(compression);
    await run(argv, {
      stdinFd: input.fd,
      stdoutFd: output.fd,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  } finally {
    clearInterval(timer);
    await input.close();
    await output.close();
  }
}

/** The child shares our open file, and so its position, which only Linux tells. */
async function readPosition(fd: number): Promise<number> {
  const text = await readFile(`/proc/self/fdinfo/${fd}`, 'utf8').catch(() => '');
  return Number(/^pos:\s*(\d+)/m.exec(text)?.[1] ?? 0);
}

async function availableCommand(compression: Compression): Promise<readonly string[]> {
  const commands = KINDS.find(({ name }) => name === compression)?.commands ?? [];
  for (const argv of commands) {
    const [command = ''] = argv;
    const isThere = await run([command, '--version'], { input: '' }).then(
      () => true,
      (thrown: unknown) => !(thrown instanceof ProcessError && thrown.failure === 'not-found'),
    );
    if (isThere) return argv;
  }
  throw new BuilderError('tool-missing', `${compression} is not installed, and the base image needs it`, {
    hint: `install it: apt-get install ${compression === 'xz' ? 'xz-utils' : compression}`,
  });
}

function decompressFailure(thrown: unknown, source: string, compression: Compression): unknown {
  if (!(thrown instanceof ProcessError) || thrown.failure !== 'exited') return thrown;
  if (thrown.tail.some((line) => /no space left/i.test(line))) {
    return new BuilderError('disk-full', `the disk is full: ${basename(source)} cannot be decompressed`, {
      hint: 'make room in IMAGE_PATH and build again',
      cause: thrown,
    });
  }
  return new BuilderError(
    'base-damaged',
    `${basename(source)} is damaged: ${compression} cannot decompress it`,
    {
      hint: 'fetch the file again and give its checksum with BASE_CHECKSUM',
      tail: thrown.tail,
      cause: thrown,
    },
  );
}

import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { vi } from 'vitest';
import { type PublishedImage, publishAmi } from '../../src/aws/publish-ami.ts';
import { type PublishOptions, readPublishRequest } from '../../src/aws/publish-request.ts';
import type { BuildEvent, PlanRow } from '../../src/events.ts';
import { temporaryFolder } from '../../src/system/files.ts';
import { run } from '../../src/system/process.ts';
import { Scope } from '../../src/system/scope.ts';
import { AwsStandIn } from '../fakes/aws/aws-stand-in.ts';
import { BLOCK_BYTES } from '../fakes/aws/block-store.ts';
import type { Image, Snapshot } from '../fakes/aws/world.ts';

const MIB = 1024 ** 2;
/** The type of an EFI system partition as it stands in a GPT. */
const EFI_SYSTEM = Buffer.from('28732ac11ff8d211ba4b00a0c93ec93b', 'hex');

export interface DiskOptions {
  readonly sizeMib?: number;
  /** The byte that fills a block of 512 KiB, by its index; block 0 has the boot sector besides. */
  readonly blocks?: Readonly<Record<number, number>>;
  readonly bios?: boolean;
  readonly uefi?: boolean;
}

/** A folder of disks, and the stand-in as the only AWS there is. Gone when the block ends. */
export class PublishRig implements AsyncDisposable {
  readonly scope = new Scope();
  readonly folder: string;
  readonly aws: AwsStandIn;
  readonly events: BuildEvent[] = [];

  private constructor(folder: string, aws: AwsStandIn) {
    this.folder = folder;
    this.aws = aws;
  }

  static async open(): Promise<PublishRig> {
    const scope = new Scope();
    const aws = await AwsStandIn.start({ speed: 100 });
    const rig = new PublishRig(await temporaryFolder(scope), aws);
    rig.scope.defer(() => scope[Symbol.asyncDispose]());
    rig.scope.defer(() => aws[Symbol.asyncDispose]());
    for (const [name, value] of Object.entries(aws.env)) vi.stubEnv(name, value);
    rig.scope.defer(() => {
      vi.unstubAllEnvs();
    });
    return rig;
  }

  at(name: string): string {
    return join(this.folder, name);
  }

  /** Where block lists and journals are. */
  get stateFolder(): string {
    return this.at('state');
  }

  disk(name: string, options: DiskOptions = {}): Promise<string> {
    return makeRawDisk(this.at(name), options);
  }

  async toFormat(raw: string, format: string, name: string): Promise<string> {
    await run(['qemu-img', 'convert', '-f', 'raw', '-O', format, raw, this.at(name)]);
    return this.at(name);
  }

  /** Publishes a disk as `publish ami` does, with its options by camelCase name. */
  publish(
    path: string,
    options: PublishOptions = {},
    signal = new AbortController().signal,
  ): Promise<readonly PublishedImage[]> {
    const { name = 'small', region = 'us-west-2' } = options;
    const request = readPublishRequest(options, String(region), Date.now());
    return publishAmi({ path, name: String(name), description: 'a test' }, request, {
      stateFolder: this.stateFolder,
      keys: undefined,
      emit: (event) => this.events.push(event),
      signal,
    });
  }

  /** What the last publish said that it would do. */
  planRows(): readonly PlanRow[] {
    return this.events.findLast((event) => event.type === 'plan-made')?.rows ?? [];
  }

  notices(): string[] {
    return this.events.flatMap((event) => (event.type === 'notice' ? event.text : []));
  }

  image(id: string | undefined, region = 'us-west-2'): Image {
    const image = this.aws.world.region(region).images.get(id ?? '');
    if (image === undefined) throw new Error(`${region} has no image ${id}`);
    return image;
  }

  snapshot(id: string | undefined, region = 'us-west-2'): Snapshot {
    const snapshot = this.aws.world.region(region).snapshot(id ?? '');
    if (snapshot === undefined) throw new Error(`${region} has no snapshot ${id}`);
    return snapshot;
  }

  get snapshots(): Snapshot[] {
    return [...this.aws.world.region('us-west-2').snapshots.values()];
  }

  /** How often blocks were written since the last time that this was asked. */
  takeWrites(): number {
    const count = this.aws.world.countOf('PutSnapshotBlock') - this.#writesTaken;
    this.#writesTaken += count;
    return count;
  }
  #writesTaken = 0;

  /** The blocks of a volume that an instance would not see as the raw disk has them, or, behind its end, as zeros. */
  async wrongBlocks(snapshot: Snapshot, rawDisk: string): Promise<number[]> {
    const { store } = this.aws.world;
    const disk = await readFile(rawDisk);
    // What was never written reads as zeros, or as noise when it is encrypted.
    const unwritten = Buffer.alloc(BLOCK_BYTES, snapshot.kmsKeyArn === undefined ? 0 : 0xa5);
    const written = new Map(this.aws.world.blocksOf(snapshot));
    const indexes = Array.from({ length: snapshot.volumeSizeGib * 2048 }, (_, index) => index);
    return indexes.filter((index) => {
      const wanted = Buffer.alloc(BLOCK_BYTES);
      disk.copy(wanted, 0, Math.min(index * BLOCK_BYTES, disk.length));
      const digest = written.get(index);
      return !(digest === undefined ? unwritten : store.get(digest)).equals(wanted);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.scope[Symbol.asyncDispose]();
  }
}

/** Makes a raw disk and returns its path; what is not named is a hole. */
export async function makeRawDisk(path: string, options: DiskOptions = {}): Promise<string> {
  const { sizeMib = 16, blocks = { 0: 0, 3: 1, 8: 2 }, bios = true, uefi = true } = options;
  const file = await open(path, 'w');
  try {
    await file.truncate(sizeMib * MIB);
    for (const [index, fill] of Object.entries(blocks)) {
      await file.write(Buffer.alloc(BLOCK_BYTES, fill), 0, BLOCK_BYTES, Number(index) * BLOCK_BYTES);
    }
    await file.write(bootSectors(bios, uefi), 0, undefined, 0);
  } finally {
    await file.close();
  }
  return path;
}

/** The first two MiB of a disk: boot code when it starts by BIOS, a GPT with an EFI system partition when by UEFI. */
export function bootSectors(bios: boolean, uefi: boolean): Buffer {
  const head = Buffer.alloc(8192);
  if (bios) head.fill(0x90, 0, 64);
  head.writeUInt16LE(0xaa55, 510);
  if (!uefi) return head;
  head[446 + 4] = 0xee;
  head.write('EFI PART', 512, 'latin1');
  head.writeBigUInt64LE(2n, 512 + 72);
  head.writeUInt32LE(128, 512 + 80);
  head.writeUInt32LE(128, 512 + 84);
  EFI_SYSTEM.copy(head, 1024 + 128);
  return head;
}

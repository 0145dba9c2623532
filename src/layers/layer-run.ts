import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { asError, BuilderError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { createOverlay } from '../qemu/qemu-img.ts';
import { AWAKE_PLACE } from '../packer/compile-layers.ts';
import type { QmpClient } from '../qemu/qmp.ts';
import { fileSizeBytes, hashFile } from '../system/files.ts';
import { type CheckpointResult, saveMachine, wakeMachine } from './checkpoint.ts';
import type { StoredDisk, StoredFile } from './layer.ts';
import type { LayerPlan, PlannedLayer } from './plan-layers.ts';
import { DISK_NAME, type LayerStore, MEMORY_NAME } from './store.ts';

export interface LayerRunOptions {
  readonly plan: LayerPlan;
  readonly store: LayerStore;
  /** The store under a path of plain characters, for QEMU and the shell that packs the memory. */
  readonly plainStorePath: string;
  /** What the first disk stands on, as seen from a layer's folder. */
  readonly base: { readonly path: string; readonly format: string };
  readonly diskSizeBytes: number;
  readonly diskId: string;
  /** Packer's own disk, which takes what comes after the last layer. */
  readonly outputDiskPath: string;
  readonly emit: Emit;
}

/**
 * One run of Packer through its layers. The machine writes to the folder of the layer that is being built; each stop
 * makes that layer whole and moves the machine on to the next one's folder, and behind the last to Packer's own disk.
 */
export class LayerRun {
  /** The file that the machine writes to from its start. */
  readonly firstDiskPath: string;
  /** The memory that it starts with; it boots when there is none. */
  readonly memoryPath: string | undefined;
  /** The disk that Packer's own one stands on, when the machine writes to that from its start. */
  readonly lastLayerDiskPath: string | undefined;
  readonly #options: LayerRunOptions;
  readonly #chain: Promise<StoredDisk>[];
  readonly #seals: Promise<void>[] = [];
  #place: number;
  #folder: string | undefined;
  #startMs = performance.now();
  #isAwake: boolean;
  #lastKept: string | undefined;

  private constructor(options: LayerRunOptions, folder: string | undefined) {
    const { plan, plainStorePath } = options;
    this.#options = options;
    this.#folder = folder;
    this.#place = (plan.resume?.index ?? -1) + 1;
    this.#isAwake = plan.resume === undefined;
    this.#lastKept = plan.layers[plan.resume?.index ?? -1]?.name;
    this.#chain = (plan.resume?.record.disks ?? []).map((disk) => Promise.resolve(disk));
    const below = plan.resume?.record.disks.at(-1)?.folder;
    this.memoryPath = below === undefined ? undefined : join(plainStorePath, below, MEMORY_NAME);
    this.lastLayerDiskPath =
      folder === undefined && below !== undefined ? join(plainStorePath, below, DISK_NAME) : undefined;
    this.firstDiskPath =
      folder === undefined ? options.outputDiskPath : join(plainStorePath, folder, DISK_NAME);
  }

  /** Makes the disk that the machine writes to first. Fails with `layers-unusable`. */
  static async begin(options: LayerRunOptions): Promise<LayerRun> {
    const { plan, store, base, diskSizeBytes } = options;
    const first = plan.layers[(plan.resume?.index ?? -1) + 1];
    if (first === undefined) return new LayerRun(options, undefined);
    const folder = await store.create(first.key);
    const below = plan.resume?.record.disks.at(-1)?.folder;
    const backing = below === undefined ? base : { path: join('..', below, DISK_NAME), format: 'qcow2' };
    await store.createDisk(folder, backing, diskSizeBytes);
    return new LayerRun(options, folder);
  }

  /** Whether the machine writes to a layer's disk, in the store; behind the last layer it writes to Packer's own. */
  get isInStore(): boolean {
    return this.#folder !== undefined;
  }

  /** Whether the machine runs: it was booted, or its memory is back. */
  get isAwake(): boolean {
    return this.#isAwake;
  }

  /** Lets a machine run that was started from a layer; Packer then finds it as if it had booted. */
  async wake(monitor: QmpClient, signal: AbortSignal): Promise<void> {
    await wakeMachine(monitor, signal);
    this.#isAwake = true;
  }

  /** What is done when Packer reaches a place: the resumed machine, or the name of the layer that ends there. */
  async stop(place: string, monitor: QmpClient): Promise<void> {
    if (place === AWAKE_PLACE) this.#tellAwake();
    else await this.#endLayer(place, monitor);
  }

  /** Name of the newest layer that a next build can go on from. */
  get lastKept(): string | undefined {
    return this.#lastKept;
  }

  /** Waits until every layer is sealed that is going to be. */
  async settle(): Promise<void> {
    await Promise.all(this.#seals);
  }

  #tellAwake(): void {
    const { plan, emit } = this.#options;
    const layer = plan.layers[plan.resume?.index ?? -1]?.name ?? '';
    emit({ type: 'layer-resumed', layer, durationMs: Math.round(performance.now() - this.#startMs) });
    this.#startMs = performance.now();
  }

  async #endLayer(name: string, monitor: QmpClient): Promise<void> {
    const { plan, diskId, emit } = this.#options;
    const layer = plan.layers[this.#place];
    const folder = this.#folder;
    if (layer?.name !== name || folder === undefined)
      throw new Error(`Packer is at the layer ${name}, which is not next`);
    const buildMs = Math.round(performance.now() - this.#startMs);
    const next = await this.#nextDisk(plan.layers[this.#place + 1]);
    const result = await saveMachine(monitor, {
      diskId,
      overlayPath: next.path,
      memoryPath: join(this.#options.plainStorePath, folder, MEMORY_NAME),
      onStep: (step) => {
        emit({ type: 'tool-output', tool: 'layers', line: `${name}: ${step}` });
      },
    });
    this.#startMs = performance.now();
    // The machine still writes to this layer's disk: there is nothing to seal, and what comes next goes there too.
    if (!result.hasNewDisk)
      throw new BuilderError(
        'layers-unusable',
        `the layer ${name} could not be kept: ${result.failure ?? ''}`,
      );
    const disk = this.#storedDisk(folder);
    this.#chain.push(disk);
    // Told of where the layer is sealed.
    this.#seals.push(disk.then(() => undefined).catch(() => undefined));
    this.#place += 1;
    this.#folder = next.folder;
    this.#seals.push(this.#seal(layer, folder, this.#chain.length, buildMs, result));
  }

  /** Makes the overlay for what comes after a layer. */
  async #nextDisk(next: PlannedLayer | undefined): Promise<{ path: string; folder: string | undefined }> {
    const { store, plainStorePath, outputDiskPath, diskSizeBytes } = this.#options;
    const below = this.#folder ?? '';
    if (next !== undefined) {
      const folder = await store.create(next.key);
      const backing = { path: join('..', below, DISK_NAME), format: 'qcow2' };
      await store.createDisk(folder, backing, diskSizeBytes);
      return { path: join(plainStorePath, folder, DISK_NAME), folder };
    }
    // Packer made it as an overlay on the base image; nobody has it open.
    await rm(outputDiskPath, { force: true });
    const backing = { path: join(store.path, below, DISK_NAME), format: 'qcow2' };
    await createOverlay(outputDiskPath, backing, diskSizeBytes);
    return { path: outputDiskPath, folder: undefined };
  }

  /** Hashes and records a layer while the machine goes on. A layer that cannot be sealed is only not there. */
  async #seal(
    layer: PlannedLayer,
    folder: string,
    depth: number,
    buildMs: number,
    { checkpointMs, failure }: CheckpointResult,
  ): Promise<void> {
    const { store, emit, plan } = this.#options;
    try {
      if (failure !== undefined) throw new Error(failure);
      const memory = await storedFile(join(store.path, folder, MEMORY_NAME));
      const disks = await Promise.all(this.#chain.slice(0, depth));
      const parentKey = plan.layers[plan.layers.indexOf(layer) - 1]?.key;
      await store.seal(folder, {
        schema: 1,
        key: layer.key,
        ...(parentKey === undefined ? {} : { parentKey }),
        name: layer.name,
        inputs: [...layer.inputs],
        disks,
        memory,
        madeAt: new Date().toISOString(),
        buildMs,
        checkpointMs,
      });
      const sizeBytes = memory.sizeBytes + (disks.at(-1)?.sizeBytes ?? 0);
      this.#lastKept = layer.name;
      emit({ type: 'layer-saved', layer: layer.name, buildMs, checkpointMs, sizeBytes });
    } catch (thrown) {
      const text = `the layer ${layer.name} is not kept: ${asError(thrown).message}; the build goes on`;
      emit({ type: 'notice', level: 'warning', text });
    }
  }

  async #storedDisk(folder: string): Promise<StoredDisk> {
    return { folder, ...(await storedFile(join(this.#options.store.path, folder, DISK_NAME))) };
  }
}

async function storedFile(path: string): Promise<StoredFile> {
  const sha256 = await hashFile(path);
  return { sizeBytes: (await fileSizeBytes(path)) ?? 0, sha256 };
}

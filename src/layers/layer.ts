import { createHash, createHmac } from 'node:crypto';
import { z } from 'zod';

const Input = z.object({
  /** As people know it: `variable dcos_version`, `role docker: files/daemon.json`, `QEMU`. */
  name: z.string(),
  /** The value itself, or its digest. */
  value: z.string(),
  /** Whether the value may be shown; that of a file or a secret is a digest, which tells nobody anything. */
  isShown: z.boolean(),
});

/** One thing that decides what a layer holds. */
export type LayerInput = z.infer<typeof Input>;

const StoredFile = z.object({ sizeBytes: z.number(), sha256: z.string() });
const StoredDisk = StoredFile.extend({ folder: z.string() });

/** A file of a layer, as it was when the layer was sealed. */
export type StoredFile = z.infer<typeof StoredFile>;
/** The disk of a layer; `folder` is the layer's, in the store. */
export type StoredDisk = z.infer<typeof StoredDisk>;

/** layer.json: written last, it says that the layer is whole. */
export const LayerRecord = z.object({
  schema: z.literal(1),
  key: z.string(),
  /** Key of the layer below; none under the machine itself. */
  parentKey: z.string().optional(),
  name: z.string(),
  inputs: z.array(Input),
  /** The disks that the machine needs, the base image's overlay first, the layer's own last. */
  disks: z.array(StoredDisk),
  memory: StoredFile,
  madeAt: z.string(),
  /** From the end of the layer before to this one's: what it would cost to make it again. */
  buildMs: z.number(),
  /** How long the checkpoint held the build up. */
  checkpointMs: z.number(),
});
export type LayerRecord = z.infer<typeof LayerRecord>;

/** One layer as a build wants it: by what it is made, not whether it is there. */
export interface WantedLayer {
  readonly name: string;
  readonly key: string;
  readonly inputs: readonly LayerInput[];
}

/** Counts the changes of what a checkpoint is: a new number leaves every old layer behind. */
const KEY_SCHEMA = 1;

/** The key of a layer: SHA-256 (hex) over all that made it, and over the key of the layer that it stands on. */
export function layerKey(parentKey: string | undefined, inputs: readonly LayerInput[]): string {
  const sorted = [...inputs].sort((a, b) => (a.name < b.name ? -1 : 1));
  const content = [KEY_SCHEMA, parentKey ?? null, sorted.map(({ name, value }) => [name, value])];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

/** An input whose value people may see. */
export function shownInput(name: string, value: string): LayerInput {
  return { name, value, isShown: true };
}

/** An input by the digest of its content. */
export function contentInput(name: string, content: string | Uint8Array): LayerInput {
  return { name, value: createHash('sha256').update(content).digest('hex'), isShown: false };
}

/** A secret: its digest is keyed, or a short one could be found by trying. `salt` is the store's own. */
export function secretInput(name: string, secret: string, salt: string): LayerInput {
  return { name, value: createHmac('sha256', salt).update(secret).digest('hex'), isShown: false };
}

const SHOWN_LENGTH = 40;

/**
 * What differs between the inputs of an earlier layer and those of now, a phrase each: `variable x: 1 -> 2`,
 * `role docker: files/daemon.json changed`.
 */
export function inputChanges(before: readonly LayerInput[], now: readonly LayerInput[]): string[] {
  const old = new Map(before.map((input) => [input.name, input]));
  const current = new Map(now.map((input) => [input.name, input]));
  const changed = now.flatMap((input) => {
    const was = old.get(input.name);
    if (was === undefined) return [`${input.name} is new`];
    return was.value === input.value ? [] : [changeOf(was, input)];
  });
  const gone = before.filter(({ name }) => !current.has(name)).map(({ name }) => `${name} is gone`);
  return [...changed, ...gone];
}

function changeOf(was: LayerInput, now: LayerInput): string {
  const isPlain = was.isShown && now.isShown && was.value.length + now.value.length <= 2 * SHOWN_LENGTH;
  if (!isPlain) return `${now.name} changed`;
  // `QEMU 7.2.22 -> 8.0.1` reads better than with a colon, which belongs to names of several words.
  const mark = now.name.includes(' ') ? ':' : '';
  return `${now.name}${mark} ${was.value || 'nothing'} -> ${now.value || 'nothing'}`;
}

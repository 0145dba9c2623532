import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { writeFileWhole } from '../system/files.ts';

const Answer = z.object({ of: z.string(), obstacle: z.string().nullable() });

/** The same until the machine is started again; containers have the host's. */
const BOOT_ID_PATH = '/proc/sys/kernel/random/boot_id';

/**
 * Remembers in a file what the probe of KVM found, for as long as neither the machine was started again nor QEMU was
 * changed.
 */
export class ProbeMemory {
  readonly #path: string;
  readonly #of: string;

  private constructor(path: string, of: string) {
    this.#path = path;
    this.#of = of;
  }

  /** `qemuVersion` is that of the QEMU which would run the probe. */
  static async open(path: string, qemuVersion: string): Promise<ProbeMemory> {
    const bootId = await readFile(BOOT_ID_PATH, 'utf8').catch(() => '');
    return new ProbeMemory(path, `${bootId.trim()} ${qemuVersion}`);
  }

  /** What was found before, or else what the probe finds now: why KVM cannot be used, or undefined when it can. */
  async recall(probe: () => Promise<string | undefined>): Promise<string | undefined> {
    const known = await readFile(this.#path, 'utf8')
      .then((text) => Answer.parse(JSON.parse(text)))
      .catch(() => undefined);
    if (known?.of === this.#of) return known.obstacle ?? undefined;
    const obstacle = await probe();
    const answer = { of: this.#of, obstacle: obstacle ?? null };
    // Without a memory the next run probes again.
    await mkdir(dirname(this.#path), { recursive: true })
      .then(() => writeFileWhole(this.#path, `${JSON.stringify(answer)}\n`))
      .catch(() => undefined);
    return obstacle;
  }
}

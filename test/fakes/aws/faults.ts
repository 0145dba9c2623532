/**
 * What can go wrong with a request besides a refusal that it deserves.
 *
 * - `throttle`: refused for now, nothing done
 * - `server-error`: 500, nothing done
 * - `unavailable`: 503, nothing done
 * - `cut`: the connection is cut before anything is done
 * - `cut-after`: all is done, and the connection is cut before the answer
 * - `corrupt-echo`: all is done, and the checksum that is sent back is another
 * - `slow`: the answer comes late, by `delayMs`
 */
export type Fault =
  | { readonly kind: 'throttle' | 'server-error' | 'unavailable' | 'cut' | 'cut-after' | 'corrupt-echo' }
  | { readonly kind: 'slow'; readonly delayMs: number };

interface Ordered {
  readonly action: string;
  readonly fault: Fault;
  left: number;
}

interface Rate {
  readonly action: string;
  readonly faults: readonly Fault[];
  readonly share: number;
}

/** The test's handle for faults: the next requests of an action, or a share of all. */
export class Faults {
  readonly #ordered: Ordered[] = [];
  #rates: Rate[] = [];
  #random: () => number = mulberry32(1);
  /** How many faults there were so far. */
  count = 0;

  /** The next requests of an action (`PutSnapshotBlock`) go wrong in this way. */
  next(action: string, fault: Fault, times = 1): void {
    this.#ordered.push({ action, fault, left: times });
  }

  /** A share of an action's requests (0 to 1) goes wrong, each in one of these ways; the same ones for a seed. */
  some(action: string, share: number, faults: readonly Fault[], seed = 1): void {
    this.#random = mulberry32(seed);
    this.#rates.push({ action, share, faults });
  }

  /** From now on all goes well. */
  clear(): void {
    this.#ordered.length = 0;
    this.#rates = [];
  }

  /** For the server alone: what goes wrong with this request. */
  take(action: string): Fault | undefined {
    const fault = this.#takeOrdered(action) ?? this.#takeRandom(action);
    if (fault !== undefined) this.count += 1;
    return fault;
  }

  #takeOrdered(action: string): Fault | undefined {
    const found = this.#ordered.find((each) => each.action === action && each.left > 0);
    if (found === undefined) return undefined;
    found.left -= 1;
    return found.fault;
  }

  #takeRandom(action: string): Fault | undefined {
    for (const rate of this.#rates) {
      if (rate.action !== action || this.#random() >= rate.share) continue;
      return rate.faults[Math.floor(this.#random() * rate.faults.length)];
    }
    return undefined;
  }
}

/** A small generator of numbers from 0 to 1 (mulberry32, in the public domain), the same for the same seed. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

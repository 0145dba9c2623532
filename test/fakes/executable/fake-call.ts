import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Interface } from 'node:readline';

/** How the program under test started a faked program. */
export interface CallStart {
  readonly name: string;
  /** The arguments, without the program's own name. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly pid: number;
}

type Answer = { readonly done: number; readonly result?: unknown; readonly error?: string };
type Message = Answer | { readonly signal: NodeJS.Signals };
type Order =
  | { readonly type: 'write'; readonly fd: 1 | 2; readonly text: string }
  | { readonly type: 'readInput' }
  | { readonly type: 'catchSignals'; readonly signals: readonly NodeJS.Signals[] }
  | { readonly type: 'exit'; readonly exitCode: number };

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** One run of a faked program. Every order resolves when it is carried out, and fails when the program has ended. */
export class FakeCall implements CallStart {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly pid: number;
  /** Resolves when the program has ended, by `exit` or because it was killed. */
  readonly ended: Promise<void>;
  readonly #socket: Socket;
  readonly #orders = new Map<number, Waiting>();
  readonly #signals: NodeJS.Signals[] = [];
  #signalCame: (() => void) | undefined;
  #orderCount = 0;
  #hasEnded = false;

  constructor(start: CallStart, socket: Socket, lines: Interface) {
    this.name = start.name;
    this.args = start.args;
    this.env = start.env;
    this.cwd = start.cwd;
    this.pid = start.pid;
    this.#socket = socket;
    lines.on('line', (line) => {
      this.#receive(JSON.parse(line) as Message);
    });
    this.ended = once(socket, 'close').then(() => {
      this.#hasEnded = true;
      for (const { reject } of this.#orders.values()) reject(this.#gone());
    });
  }

  /** Writes to the standard output, at once and as it is: line ends are the caller's. */
  async stdout(text: string): Promise<void> {
    await this.#order({ type: 'write', fd: 1, text });
  }

  /** Writes to the standard error. */
  async stderr(text: string): Promise<void> {
    await this.#order({ type: 'write', fd: 2, text });
  }

  /** Reads the standard input to its end. */
  async stdin(): Promise<string> {
    return String(await this.#order({ type: 'readInput' }));
  }

  /** From now on these signals do not end the program; `nextSignal` tells of them. */
  async catchSignals(...signals: readonly NodeJS.Signals[]): Promise<void> {
    await this.#order({ type: 'catchSignals', signals });
  }

  /** The oldest caught signal that was not returned yet; waits for one. */
  async nextSignal(): Promise<NodeJS.Signals> {
    for (;;) {
      const signal = this.#signals.shift();
      if (signal !== undefined) return signal;
      if (this.#hasEnded) throw this.#gone();
      await Promise.race([this.ended, new Promise<void>((resolve) => (this.#signalCame = resolve))]);
    }
  }

  /** Ends the program with this exit code. */
  async exit(exitCode: number): Promise<void> {
    // The answer is the end itself.
    this.#order({ type: 'exit', exitCode }).catch(() => undefined);
    await this.ended;
  }

  #order(order: Order): Promise<unknown> {
    if (this.#hasEnded) return Promise.reject(this.#gone());
    this.#orderCount += 1;
    const id = this.#orderCount;
    return new Promise((resolve, reject) => {
      this.#orders.set(id, { resolve, reject });
      this.#socket.write(`${JSON.stringify({ id, ...order })}\n`);
    });
  }

  #receive(message: Message): void {
    if ('signal' in message) {
      this.#signals.push(message.signal);
      this.#signalCame?.();
      return;
    }
    const waiting = this.#orders.get(message.done);
    this.#orders.delete(message.done);
    if (message.error === undefined) waiting?.resolve(message.result);
    else waiting?.reject(new Error(`the fake ${this.name} failed: ${message.error}`));
  }

  #gone(): Error {
    return new Error(`the fake ${this.name} (process ${this.pid}) has ended`);
  }
}

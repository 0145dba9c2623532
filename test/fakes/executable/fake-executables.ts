import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { type CallStart, FakeCall } from './fake-call.ts';

const STAND_IN = join(import.meta.dirname, 'stand-in.mjs');
const CALL_TIMEOUT_MS = 10_000;

/**
 * Programs that do what the test says. The program under test starts them by their names, as real processes with real
 * pipes and signals; each one connects back and waits for the test's orders.
 *
 *     await using rig = await FakeExecutables.create();
 *     const packer = rig.command('packer');
 *     const building = build({ env: rig.env });          // starts `packer build …`
 *     const call = await packer.nextCall();
 *     expect(call.args).toEqual(['build', '-machine-readable', 'template.json']);
 *     await call.stdout('1700000000,,ui,say,hello\n');
 *     await call.exit(0);
 *     await building;
 *
 * When the block ends, every fake that still runs is gone.
 */
export class FakeExecutables implements AsyncDisposable {
  /** The folder of the fakes: put it first in PATH. */
  readonly folder: string;
  /** The test's own environment with the fakes first in PATH. */
  readonly env: NodeJS.ProcessEnv;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #commands = new Map<string, FakeCommand>();

  private constructor(folder: string) {
    this.folder = folder;
    this.env = { ...process.env, PATH: [folder, process.env['PATH'] ?? ''].join(delimiter) };
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      this.#receive(socket);
    });
  }

  static async create(): Promise<FakeExecutables> {
    const rig = new FakeExecutables(await mkdtemp(join(tmpdir(), 'fakes-')));
    await new Promise<void>((resolve, reject) => {
      rig.#server.once('error', reject);
      rig.#server.listen(rig.#socketPath, resolve);
    });
    return rig;
  }

  /**
   * Puts a fake of this name in place. `answer`, if given, deals with every call at once; without it, calls wait
   * for `nextCall`.
   */
  async command(name: string, answer?: (call: FakeCall) => Promise<void>): Promise<FakeCommand> {
    const command = new FakeCommand(name, answer);
    this.#commands.set(name, command);
    const words = [process.execPath, STAND_IN, this.#socketPath, name].map((word) => `'${word}'`);
    await writeFile(join(this.folder, name), `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`, { mode: 0o755 });
    return command;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    await rm(this.folder, { recursive: true, force: true });
  }

  get #socketPath(): string {
    return join(this.folder, '.socket');
  }

  /** The first line of a connection says who it is; the rest is the call's business. */
  #receive(socket: Socket): void {
    const lines = createInterface(socket);
    socket.on('error', () => undefined);
    lines.once('line', (line) => {
      const { hello } = JSON.parse(line) as { hello: CallStart };
      this.#commands.get(hello.name)?.receive(new FakeCall(hello, socket, lines));
    });
  }
}

/** One faked program: every start of it is a call. */
export class FakeCommand {
  readonly name: string;
  /** Every call so far, also those that were answered or waited for already. */
  readonly calls: FakeCall[] = [];
  readonly #answer: ((call: FakeCall) => Promise<void>) | undefined;
  readonly #unseen: FakeCall[] = [];
  readonly #waiting: ((call: FakeCall) => void)[] = [];

  constructor(name: string, answer: ((call: FakeCall) => Promise<void>) | undefined) {
    this.name = name;
    this.#answer = answer;
  }

  /** The oldest call that was not returned yet; waits for one. Fails when the program is not started in time. */
  async nextCall(timeoutMs = CALL_TIMEOUT_MS): Promise<FakeCall> {
    const call = this.#unseen.shift();
    if (call !== undefined) return call;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(taken), 1);
        reject(new Error(`${this.name} was not started within ${timeoutMs} ms`));
      }, timeoutMs);
      const taken = (next: FakeCall): void => {
        clearTimeout(timer);
        resolve(next);
      };
      this.#waiting.push(taken);
    });
  }

  /** For `FakeExecutables` alone: a stand-in has started. */
  receive(call: FakeCall): void {
    this.calls.push(call);
    if (this.#answer === undefined) {
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#unseen.push(call);
      else waiting(call);
      return;
    }
    this.#answer(call).catch((thrown: unknown) => {
      // The program under test sees a failed tool, and its message shows what is wrong with the test.
      void call
        .stderr(`the answer of the fake ${this.name} failed: ${String(thrown)}\n`)
        .then(() => call.exit(98));
    });
  }
}

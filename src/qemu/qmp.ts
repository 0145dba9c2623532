import { connect, type Socket } from 'node:net';
import { z } from 'zod';
import { LineSplitter } from '../system/line-splitter.ts';

const Message = z.object({
  event: z.string().optional(),
  data: z.record(z.string(), z.unknown()).optional(),
  return: z.unknown().optional(),
  error: z.object({ class: z.string(), desc: z.string() }).optional(),
  id: z.number().optional(),
});

/** Something the machine says by itself: SHUTDOWN, STOP, BLOCK_IO_ERROR, … */
export interface QmpEvent {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A client of QEMU's control socket (QEMU Machine Protocol, docs/interop/qmp-spec in QEMU's source). One client at a
 * time may hold a socket. `closed` settles when the machine is gone.
 */
export class QmpClient {
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  private constructor(socket: Socket, onEvent: (event: QmpEvent) => void) {
    this.#socket = socket;
    const splitter = new LineSplitter((line) => {
      this.#receive(line, onEvent);
    });
    socket.on('data', (chunk: Buffer) => {
      splitter.push(chunk);
    });
    // The close event follows every error and is what counts.
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        for (const { reject } of this.#waiting.values())
          reject(new Error('the machine closed its control socket'));
        this.#waiting.clear();
        resolve();
      });
    });
  }

  /** Connects and leaves the negotiation mode. Rejects when nothing listens there (yet). */
  static async connect(path: string, onEvent: (event: QmpEvent) => void): Promise<QmpClient> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    const client = new QmpClient(socket, onEvent);
    await client.execute('qmp_capabilities');
    return client;
  }

  /** Runs one command and returns its answer. Rejects with QEMU's own words when it refuses. */
  execute(command: string, parameters: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) {
        reject(new Error('the machine is gone'));
        return;
      }
      this.#waiting.set(id, { resolve, reject });
      this.#socket.write(`${JSON.stringify({ execute: command, arguments: parameters, id })}\n`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(line: string, onEvent: (event: QmpEvent) => void): void {
    if (line.trim() === '') return;
    const message = Message.parse(JSON.parse(line));
    if (message.event !== undefined) {
      onEvent({ name: message.event, data: message.data ?? {} });
      return;
    }
    if (message.id === undefined) return; // the greeting
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.error === undefined) waiting?.resolve(message.return);
    else waiting?.reject(new Error(`${message.error.class}: ${message.error.desc}`));
  }
}

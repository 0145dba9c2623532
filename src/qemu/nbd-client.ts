import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { asError, BuilderError } from '../errors.ts';
import {
  disconnectRequest,
  GREETING_BYTES,
  isGreeting,
  OPTION_REPLY_BYTES,
  openExport,
  parseExportSize,
  parseOptionReply,
  parseReply,
  REPLY_BYTES,
  readRequest,
} from './nbd-protocol.ts';

/** What the socket is read in: large, for a disk's data come through it. */
const CHUNK_BYTES = 1024 * 1024;

interface PendingRead {
  readonly target: Buffer;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Reads the bytes of a disk that an NBD server exports on a unix socket. Many reads may be under way at once. When
 * the connection breaks, all of them fail with `input-unreadable`, and all later ones.
 */
export class NbdClient {
  readonly sizeBytes: number;
  readonly #socket: Socket;
  readonly #pending = new Map<number, PendingRead>();
  #lastId = 0;
  #broken: Error | undefined;

  private constructor(socket: Socket, input: Input, sizeBytes: number) {
    this.#socket = socket;
    this.sizeBytes = sizeBytes;
    this.#answer(input).catch((thrown: unknown) => this.#break(asError(thrown)));
  }

  /** Connects and opens the export. Fails with an error of the system when nobody listens (yet). */
  static async connect(socketPath: string): Promise<NbdClient> {
    const input = new Input();
    const socket = connect({
      path: socketPath,
      onread: {
        buffer: Buffer.allocUnsafe(CHUNK_BYTES),
        callback: (bytes, buffer) => input.push((buffer as Buffer).subarray(0, bytes)),
      },
    });
    // `once` tells of an error before the connection; the input of one that comes later.
    socket.on('error', (error) => input.end(error));
    socket.on('close', () => input.end(unreadable('its server closed the connection')));
    await once(socket, 'connect');
    try {
      return new NbdClient(socket, input, await negotiate(socket, input));
    } catch (thrown) {
      socket.destroy();
      throw thrown;
    }
  }

  /** Fills a buffer with the disk's bytes from an offset on; they must lie inside the disk. */
  read(offsetBytes: number, target: Buffer): Promise<void> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    const id = (this.#lastId += 1);
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { target, resolve, reject });
      this.#socket.write(readRequest(id, offsetBytes, target.length));
    });
  }

  /** Ends the connection. Reads that are under way fail. */
  close(): void {
    this.#break(unreadable('the connection to its server was closed'));
  }

  async #answer(input: Input): Promise<void> {
    const head = Buffer.alloc(REPLY_BYTES);
    for (;;) {
      await input.read(head);
      const reply = parseReply(head);
      const read = reply && this.#pending.get(reply.id);
      if (reply === undefined || read === undefined) throw unreadable('its server sent no answer');
      if (reply.error === 0) await input.read(read.target);
      this.#pending.delete(reply.id);
      if (reply.error === 0) read.resolve();
      else read.reject(unreadable(`its server says error ${reply.error}`));
    }
  }

  #break(error: Error): void {
    if (this.#broken !== undefined) return;
    this.#broken = error;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    this.#socket.end(disconnectRequest());
    this.#socket.destroySoon();
  }
}

function unreadable(why: string): BuilderError {
  return new BuilderError('input-unreadable', `the disk cannot be read by NBD: ${why}`, {
    hint: 'see whether something changes or removes the disk image meanwhile',
  });
}

/** Returns the size of the disk. */
async function negotiate(socket: Socket, input: Input): Promise<number> {
  const greeting = Buffer.alloc(GREETING_BYTES);
  await input.read(greeting);
  if (!isGreeting(greeting)) throw unreadable('its server speaks another protocol');
  socket.write(openExport());
  let sizeBytes: number | undefined;
  for (;;) {
    const head = Buffer.alloc(OPTION_REPLY_BYTES);
    await input.read(head);
    const reply = parseOptionReply(head);
    if (reply === undefined || reply.kind === 'refused') throw unreadable('its server refuses it');
    const data = Buffer.alloc(reply.lengthBytes);
    await input.read(data);
    sizeBytes ??= parseExportSize(data);
    if (reply.kind === 'info') continue;
    if (sizeBytes === undefined) throw unreadable('its server tells no size');
    return sizeBytes;
  }
}

/** Bytes that come in pieces, handed out in the lengths that are asked for. One reader at a time. */
class Input {
  #filled = 0;
  #wanted:
    | { readonly target: Buffer; readonly resolve: () => void; readonly reject: (error: Error) => void }
    | undefined;
  /** What came before it was asked for. */
  #early: Buffer[] = [];
  #end: Error | undefined;

  /** Takes the next bytes, which the caller reuses. Always wants more: nothing comes that was not asked for. */
  push(bytes: Buffer): boolean {
    const rest = this.#fill(bytes);
    if (rest.length > 0) this.#early.push(Buffer.from(rest));
    return true;
  }

  /** Says that no more comes, and why. */
  end(error: Error): void {
    this.#end ??= error;
    this.#wanted?.reject(this.#end);
    this.#wanted = undefined;
  }

  read(target: Buffer): Promise<void> {
    if (target.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#filled = 0;
      this.#wanted = { target, resolve, reject };
      let missing = target.length;
      for (let bytes = this.#early.shift(); bytes !== undefined; bytes = this.#early.shift()) {
        const rest = this.#fill(bytes);
        missing -= bytes.length - rest.length;
        if (rest.length > 0) this.#early.unshift(rest);
        if (missing === 0) break;
      }
      if (this.#end !== undefined) this.end(this.#end);
    });
  }

  /** Moves bytes to where they are wanted, and returns those that are not. */
  #fill(bytes: Buffer): Buffer {
    if (this.#wanted === undefined) return bytes;
    const { target, resolve } = this.#wanted;
    const copied = bytes.copy(target, this.#filled);
    this.#filled += copied;
    if (this.#filled === target.length) {
      this.#wanted = undefined;
      resolve();
    }
    return bytes.subarray(copied);
  }
}

import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../system/files.ts';
import { Scope } from '../system/scope.ts';
import { NbdClient } from './nbd-client.ts';

/** What a server of NBD's newstyle protocol says (proto.md), byte for byte: nothing here uses the client's code. */
const GREETING = Buffer.from('4e42444d4147494349484156454f50540003', 'hex');
const REPLY = '0003e889045565a9';

function optionReply(type: number, data = ''): Buffer {
  const head = Buffer.from(`${REPLY}0000000700000000${'0'.repeat(8)}`, 'hex');
  head.writeUInt32BE(type, 12);
  head.writeUInt32BE(data.length / 2, 16);
  return Buffer.concat([head, Buffer.from(data, 'hex')]);
}

/** Information that the export has so many bytes, and no flag. */
function sizeInfo(sizeBytes: number): Buffer {
  return optionReply(3, `0000${sizeBytes.toString(16).padStart(16, '0')}0001`);
}

function answer(id: number, error: number, data: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.from(`67446698${'0'.repeat(24)}`, 'hex');
  head.writeUInt32BE(error, 4);
  head.writeBigUInt64BE(BigInt(id), 8);
  return Buffer.concat([head, data]);
}

/** Listens, and hands the connection to the test. */
async function serve(scope: Scope, talk: (socket: Socket) => Promise<void>): Promise<string> {
  const path = join(await temporaryFolder(scope), 'nbd');
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    talk(socket).catch(() => socket.destroy());
  });
  server.listen(path);
  await once(server, 'listening');
  scope.defer(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return path;
}

async function welcome(socket: Socket, sizeBytes = 4096): Promise<void> {
  socket.write(GREETING);
  await once(socket, 'data');
  // More information than was asked for is allowed, and of no interest.
  socket.write(Buffer.concat([optionReply(3, '00030000000100000001'), sizeInfo(sizeBytes), optionReply(1)]));
}

/** Number, offset and length of each request in what a client sent. */
function requestsIn(bytes: Buffer): { id: number; offset: number; length: number }[] {
  return Array.from({ length: Math.floor(bytes.length / 28) }, (_, index) => {
    const request = bytes.subarray(index * 28);
    return {
      id: Number(request.readBigUInt64BE(8)),
      offset: Number(request.readBigUInt64BE(16)),
      length: request.readUInt32BE(24),
    };
  });
}

describe('NbdClient', () => {
  it('reads many places at once, whatever the order and the pieces of the answers', async () => {
    await using scope = new Scope();
    const path = await serve(scope, async (socket) => {
      await welcome(socket);
      let received = Buffer.alloc(0);
      while (received.length < 3 * 28)
        received = Buffer.concat([received, (await once(socket, 'data'))[0] as Buffer]);
      const answers = requestsIn(received)
        .reverse()
        .map(({ id, offset, length }) => answer(id, 0, Buffer.alloc(length, offset / 512)));
      for (const byte of Buffer.concat(answers)) {
        socket.write(Buffer.of(byte));
        if (byte === 2) await new Promise((resolve) => setImmediate(resolve));
      }
    });
    const client = await NbdClient.connect(path);
    expect(client.sizeBytes).toBe(4096);
    const targets = [Buffer.alloc(100), Buffer.alloc(200), Buffer.alloc(300)];
    await Promise.all(targets.map((target, index) => client.read((index + 1) * 512, target)));
    expect(targets.map((target) => [target.every((byte) => byte === target[0]), target[0]])).toEqual([
      [true, 1],
      [true, 2],
      [true, 3],
    ]);
    client.close();
  });

  it('fails a read that the server refuses, and no other', async () => {
    await using scope = new Scope();
    const path = await serve(scope, async (socket) => {
      await welcome(socket);
      socket.on('data', (bytes: Buffer) => {
        for (const { id, offset, length } of requestsIn(bytes)) {
          socket.write(offset === 0 ? answer(id, 5) : answer(id, 0, Buffer.alloc(length, 7)));
        }
      });
    });
    const client = await NbdClient.connect(path);
    const good = Buffer.alloc(10);
    const results = await Promise.allSettled([client.read(0, Buffer.alloc(10)), client.read(512, good)]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    await expect(client.read(0, good)).rejects.toMatchObject({
      code: 'input-unreadable',
      message: 'the disk cannot be read by NBD: its server says error 5',
    });
    client.close();
  });

  it.each<[string, (socket: Socket) => Promise<void>, RegExp]>([
    [
      'is no NBD server',
      (socket) => {
        socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
        return Promise.resolve();
      },
      /another protocol/,
    ],
    [
      'refuses the export',
      async (socket) => {
        socket.write(GREETING);
        await once(socket, 'data');
        socket.write(optionReply(0x8000_0006));
      },
      /refuses it/,
    ],
    [
      'tells no size',
      async (socket) => {
        socket.write(GREETING);
        await once(socket, 'data');
        socket.write(optionReply(1));
      },
      /tells no size/,
    ],
    [
      'goes away',
      (socket) => {
        socket.end(GREETING.subarray(0, 5));
        return Promise.resolve();
      },
      /closed the connection/,
    ],
  ])('says so when a server %s', async (_what, talk, message) => {
    await using scope = new Scope();
    const path = await serve(scope, talk);
    await expect(NbdClient.connect(path)).rejects.toThrow(message);
  });

  it('fails what is under way, and all that comes later, when the server goes away', async () => {
    await using scope = new Scope();
    const path = await serve(scope, async (socket) => {
      await welcome(socket);
      await once(socket, 'data');
      socket.destroy();
    });
    const client = await NbdClient.connect(path);
    await expect(client.read(0, Buffer.alloc(10))).rejects.toThrow(/closed the connection/);
    await expect(client.read(0, Buffer.alloc(10))).rejects.toThrow(/closed the connection/);
  });

  it('fails what is under way when it is closed', async () => {
    await using scope = new Scope();
    const client = await NbdClient.connect(await serve(scope, (socket) => welcome(socket)));
    const reading = client.read(0, Buffer.alloc(10));
    client.close();
    await expect(reading).rejects.toThrow(/was closed/);
  });

  it('fails with the error of the system when nobody listens', async () => {
    await expect(NbdClient.connect('/nowhere/nbd')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

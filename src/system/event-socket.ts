import { chmod } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { BuildEvent, Emit, Listener } from '../events.ts';
import { LineSplitter } from './line-splitter.ts';
import type { Scope } from './scope.ts';

/** Tells a run of this program inside a build (the conversion in Packer's post-processor) where its events go. */
export const EVENT_SOCKET_VARIABLE = 'NETSIL_BUILDER_EVENTS';

/** Listens on a unix socket for the events of inner runs and emits them as one's own. */
export async function serveEvents(scope: Scope, path: string, emit: Emit): Promise<void> {
  const server = createServer((socket) => {
    const splitter = new LineSplitter((line) => {
      // Only this user can write to the socket, and what writes is this program: the shape is its own.
      if (line !== '') emit(JSON.parse(line) as BuildEvent);
    });
    socket.on('data', (chunk: Buffer) => {
      splitter.push(chunk);
    });
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  await chmod(path, 0o600);
  scope.defer(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
      }),
  );
}

/** A listener that sends every event to an outer run, and what flushes it. An outer run that is gone is no failure. */
export function sendEvents(path: string): {
  readonly listener: Listener;
  readonly close: () => Promise<void>;
} {
  const socket = connect(path);
  socket.on('error', () => undefined);
  return {
    listener: (event) => {
      if (!socket.destroyed) socket.write(`${JSON.stringify(event)}\n`);
    },
    close: () =>
      new Promise((resolve) => {
        if (socket.destroyed) {
          resolve();
          return;
        }
        socket.once('close', resolve);
        socket.end();
      }),
  };
}

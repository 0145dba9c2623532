import { createServer } from 'node:http';
import { chmod } from 'node:fs/promises';
import { asError } from '../errors.ts';
import type { Scope } from '../system/scope.ts';

/** The first failure at a stop, which says more than Packer's exit code. */
export interface StopServer {
  readonly failure: () => Error | undefined;
}

const PATH = /^\/layer\/([^/]+)$/;

/**
 * Answers Packer's stops (`compileLayers`) on a unix socket, one at a time as they come: `onStop` gets the place's name,
 * and Packer goes on when it is done, or fails when it throws.
 */
export async function serveStops(
  scope: Scope,
  socketPath: string,
  onStop: (place: string) => Promise<void>,
): Promise<StopServer> {
  let failure: Error | undefined;
  const server = createServer((request, response) => {
    const place = PATH.exec(request.url ?? '')?.[1];
    const done =
      place === undefined ? Promise.reject(new Error('no such place')) : onStop(decodeURIComponent(place));
    done.then(
      () => response.writeHead(204).end(),
      (thrown: unknown) => {
        failure ??= asError(thrown);
        response.writeHead(500).end();
      },
    );
  });
  // A checkpoint may take as long as it takes.
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  await chmod(socketPath, 0o600);
  scope.defer(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
    });
  });
  return { failure: () => failure };
}

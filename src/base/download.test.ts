import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BuilderError } from '../errors.ts';
import { temporaryFolder } from '../system/files.ts';
import { Scope } from '../system/scope.ts';
import { freePort } from '../system/free-port.ts';
import { download } from './download.ts';

/** A file server with ETag and ranges, which can cut a connection, change its file, or answer badly. */
class FileServer {
  content = Buffer.alloc(300_000, 'a');
  etag: string | undefined = '"one"';
  /** For each coming request: cut it after so many bytes, or answer with this status. */
  readonly mishaps: ({ readonly cutAfterBytes: number } | { readonly status: number })[] = [];
  readonly #stalled = new Set<ServerResponse>();
  readonly requests: IncomingMessage['headers'][] = [];

  readonly answer = (request: IncomingMessage, response: ServerResponse): void => {
    this.requests.push(request.headers);
    const mishap = this.mishaps.shift();
    if (mishap !== undefined && 'status' in mishap) {
      response.writeHead(mishap.status).end();
      return;
    }
    const { range } = request.headers;
    const isSame = request.headers['if-range'] === this.etag;
    const start = range !== undefined && isSame ? Number(/\d+/.exec(range)?.[0]) : 0;
    const body = this.content.subarray(start);
    const tag = this.etag === undefined ? {} : { etag: this.etag };
    response.writeHead(start > 0 ? 206 : 200, { 'content-length': body.length, ...tag });
    if (mishap === undefined) {
      response.end(body);
      return;
    }
    response.write(body.subarray(0, mishap.cutAfterBytes));
    this.#stalled.add(response);
  };

  /** Cuts the connections that have had their bytes. To be called when the client has them. */
  readonly cutStalled = (doneBytes: number): void => {
    if (doneBytes !== CUT_BYTES) return;
    for (const response of this.#stalled) response.destroy();
    this.#stalled.clear();
  };
}

const CUT_BYTES = 100_000;

describe('download', () => {
  let scope: Scope;
  let folder: string;
  let target: string;
  let address: string;
  let server: FileServer;
  const onProgress = (doneBytes: number): void => {
    server.cutStalled(doneBytes);
  };
  const quick = { retryDelayMs: 1, attempts: 3, onProgress };
  const once = { attempts: 1, onProgress };

  beforeEach(async () => {
    scope = new Scope();
    folder = await temporaryFolder(scope);
    target = join(folder, 'image');
    server = new FileServer();
    address = `http://127.0.0.1:${await listen(scope, server.answer)}/image.img`;
  });
  afterEach(() => scope[Symbol.asyncDispose]());

  // Not toEqual, which takes seconds for so many bytes.
  const isFetched = async (): Promise<boolean> => server.content.equals(await readFile(target));
  const rangeStart = (request: number): number =>
    Number(/^bytes=(\d+)-$/.exec(server.requests[request]?.range ?? '')?.[1]);

  it('fetches a file, tells how far it is, and leaves nothing else', async () => {
    const seen: (readonly [number, number | undefined])[] = [];
    await download(address, target, { ...quick, onProgress: (done, total) => seen.push([done, total]) });
    expect(await isFetched()).toBe(true);
    expect(seen.at(-1)).toEqual([300_000, 300_000]);
    expect(await readdir(folder)).toEqual(['image']);
  });

  it('goes on where a cut connection ended', async () => {
    server.mishaps.push({ cutAfterBytes: CUT_BYTES });
    await download(address, target, quick);
    expect(await isFetched()).toBe(true);
    expect(server.requests[1]?.['if-range']).toBe('"one"');
    expect(rangeStart(1)).toBeGreaterThan(0);
  });

  it('goes on in a later run', async () => {
    server.mishaps.push({ cutAfterBytes: CUT_BYTES });
    await expect(download(address, target, once)).rejects.toMatchObject({
      code: 'download-failed',
    });
    expect(await readdir(folder)).toEqual(['image.part', 'image.part.json']);
    await download(address, target, quick);
    expect(await isFetched()).toBe(true);
    expect(rangeStart(1)).toBeGreaterThan(0);
  });

  it('starts again when the file on the server has changed, and mixes no bytes of both', async () => {
    server.mishaps.push({ cutAfterBytes: CUT_BYTES });
    await expect(download(address, target, once)).rejects.toThrow(BuilderError);
    server.content = Buffer.alloc(200_000, 'b');
    server.etag = '"two"';
    await download(address, target, quick);
    expect(await isFetched()).toBe(true);
  });

  it('starts again when the server cannot say whether the file has changed', async () => {
    server.etag = undefined;
    server.mishaps.push({ cutAfterBytes: CUT_BYTES });
    await download(address, target, quick);
    expect(await isFetched()).toBe(true);
    expect(server.requests[1]?.range).toBeUndefined();
  });

  it('takes a part that turned out to be the whole', async () => {
    await writeFile(`${target}.part`, server.content);
    const record = { address, validator: '"one"', totalBytes: server.content.length };
    await writeFile(`${target}.part.json`, JSON.stringify(record));
    server.mishaps.push({ status: 416 });
    await download(address, target, quick);
    expect(await isFetched()).toBe(true);
  });

  it('tries again after an error of the server', async () => {
    server.mishaps.push({ status: 503 }, { status: 429 });
    await download(address, target, quick);
    expect(server.requests).toHaveLength(3);
  });

  it('gives up after so many attempts', async () => {
    server.mishaps.push({ status: 503 }, { status: 503 }, { status: 503 }, { status: 503 });
    await expect(download(address, target, quick)).rejects.toMatchObject({ code: 'download-failed' });
    expect(server.requests).toHaveLength(3);
  });

  it('does not try again what is not there, and names the address without credentials', async () => {
    server.mishaps.push({ status: 404 });
    const secret = `${address.replace('//', '//me:hunter2@')}?token=hunter3`;
    await expect(download(secret, target, quick)).rejects.toMatchObject({
      code: 'download-failed',
      message: `cannot fetch ${address}: the server answered 404 Not Found`,
    });
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]?.authorization).toBe(`Basic ${Buffer.from('me:hunter2').toString('base64')}`);
  });

  it('names the reason when nobody answers', async () => {
    const port = await freePort();
    await expect(download(`http://127.0.0.1:${port}/x`, target, quick)).rejects.toThrow('ECONNREFUSED');
  });

  it('does not wait for ever on a silent server', async () => {
    const port = await listen(scope, () => undefined);
    const options = { attempts: 1, idleTimeoutMs: 50 };
    await expect(download(`http://127.0.0.1:${port}/x`, target, options)).rejects.toThrow(
      'no data for 0.05 s',
    );
  });

  it('stops at once when it is asked to, and says why', async () => {
    const controller = new AbortController();
    const reason = new BuilderError('interrupted', 'enough');
    const running = download(address, target, {
      signal: controller.signal,
      onProgress: () => {
        controller.abort(reason);
      },
    });
    await expect(running).rejects.toBe(reason);
    expect(await readdir(folder)).not.toContain('image');
  });
});

/** Starts a server that ends with the scope, and returns its port. */
async function listen(scope: Scope, answer: RequestListener): Promise<number> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  scope.defer(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const bound = server.address();
  return typeof bound === 'object' && bound !== null ? bound.port : 0;
}

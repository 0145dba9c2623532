import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { asError, BuilderError, systemCode } from '../errors.ts';
import { freeBytes, syncFile, writeFileWhole } from '../system/files.ts';
import { requestFor, shownUrl } from './web-address.ts';

export interface DownloadOptions {
  readonly signal?: AbortSignal;
  /** Bytes so far, with those of an earlier attempt; `totalBytes` when the server tells. */
  readonly onProgress?: (doneBytes: number, totalBytes: number | undefined) => void;
  /** Without a byte for so long, the connection counts as dead. */
  readonly idleTimeoutMs?: number;
  readonly attempts?: number;
  readonly retryDelayMs?: number;
}

const DEFAULTS = { idleTimeoutMs: 60_000, attempts: 6, retryDelayMs: 1000 } as const;

const Record = z.object({ address: z.string(), validator: z.string(), totalBytes: z.number().optional() });

/** What is known of a half-fetched file: whose it is, and the ETag or date that tells a changed one. */
type PartialRecord = z.infer<typeof Record>;

/**
 * Fetches a file; the target appears whole or not at all. What an earlier attempt (of this run or of one before)
 * has fetched stays beside it as `<target>.part` and is continued, when the server's file is still the same.
 * Fails with `download-failed`, which names the address without credentials, or `disk-full`.
 */
export async function download(
  address: string,
  target: string,
  options: DownloadOptions = {},
): Promise<void> {
  const { attempts, retryDelayMs } = { ...DEFAULTS, ...options };
  for (let attempt = 1; ; attempt += 1) {
    options.signal?.throwIfAborted();
    try {
      await fetchRest(address, target, options);
      break;
    } catch (thrown) {
      if (options.signal?.aborted === true) throw options.signal.reason;
      if (!(thrown instanceof TryAgain) || attempt >= attempts) throw downloadFailure(address, thrown);
      await sleep(retryDelayMs * 2 ** (attempt - 1), undefined, { signal: options.signal }).catch(
        () => undefined,
      );
    }
  }
  await syncFile(`${target}.part`);
  await rename(`${target}.part`, target);
  await rm(`${target}.part.json`, { force: true });
}

/** A failure that the next attempt may not meet. */
class TryAgain extends Error {}

async function fetchRest(address: string, target: string, options: DownloadOptions): Promise<void> {
  const { idleTimeoutMs } = { ...DEFAULTS, ...options };
  const partFile = `${target}.part`;
  const record = await readRecord(partFile, address);
  const haveBytes =
    record === undefined
      ? 0
      : await stat(partFile).then(
          (stats) => stats.size,
          () => 0,
        );
  const idle = new IdleTimer(idleTimeoutMs);
  const signals = [idle.signal, ...(options.signal === undefined ? [] : [options.signal])];
  const signal = AbortSignal.any(signals);
  try {
    const response = await ask(address, haveBytes, record, signal);
    const startBytes = response.status === 206 ? haveBytes : 0;
    const totalBytes = totalOf(response, startBytes);
    if (response.status === 416) {
      // Either everything is here already, or what is here is not a piece of the server's file.
      if (record?.totalBytes === haveBytes) return;
      await rm(partFile, { force: true });
      throw new TryAgain('the server has no such rest of the file');
    }
    await requireRoom(target, totalBytes, startBytes);
    await keepRecord(partFile, address, response, totalBytes);
    const doneBytes = await writeBody(response, partFile, startBytes, (bytes) => {
      idle.restart();
      options.onProgress?.(bytes, totalBytes);
    });
    if (totalBytes !== undefined && doneBytes !== totalBytes) {
      throw new TryAgain(`the connection ended after ${doneBytes} of ${totalBytes} bytes`);
    }
  } catch (thrown) {
    if (idle.signal.aborted) throw new TryAgain(`no data for ${idleTimeoutMs / 1000} s`);
    throw thrown;
  } finally {
    idle.stop();
  }
}

async function ask(
  address: string,
  haveBytes: number,
  record: PartialRecord | undefined,
  signal: AbortSignal,
): Promise<Response> {
  const { url, headers } = requestFor(address);
  // A compressed transfer would break both the length and the resuming.
  const wanted = { ...headers, 'accept-encoding': 'identity' };
  const rest = record === undefined ? {} : { range: `bytes=${haveBytes}-`, 'if-range': record.validator };
  const response = await fetch(url, {
    headers: haveBytes > 0 ? { ...wanted, ...rest } : wanted,
    signal,
  }).catch((thrown: unknown) => {
    throw new TryAgain(reasonOf(thrown), { cause: thrown });
  });
  if (response.ok || response.status === 416) return response;
  await response.body?.cancel();
  const why = `the server answered ${response.status} ${response.statusText}`.trimEnd();
  throw response.status >= 500 || [408, 425, 429].includes(response.status)
    ? new TryAgain(why)
    : new Error(why);
}

/** Appends the body to the part, piece by piece: what was told to be there is in the file. */
async function writeBody(
  response: Response,
  partFile: string,
  startBytes: number,
  onBytes: (doneBytes: number) => void,
): Promise<number> {
  let doneBytes = startBytes;
  if (response.body === null) return doneBytes;
  const file = await open(partFile, startBytes > 0 ? 'a' : 'w');
  try {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      await file.writeFile(chunk);
      doneBytes += chunk.length;
      onBytes(doneBytes);
    }
    return doneBytes;
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOSPC') throw diskFull(partFile, thrown);
    throw new TryAgain(reasonOf(thrown), { cause: thrown });
  } finally {
    await file.close();
  }
}

function totalOf(response: Response, startBytes: number): number | undefined {
  const length = response.headers.get('content-length');
  return length === null ? undefined : startBytes + Number(length);
}

async function readRecord(partFile: string, address: string): Promise<PartialRecord | undefined> {
  try {
    const record = Record.parse(JSON.parse(await readFile(`${partFile}.json`, 'utf8')));
    return record.address === shownUrl(address) ? record : undefined;
  } catch {
    return undefined;
  }
}

async function keepRecord(
  partFile: string,
  address: string,
  response: Response,
  totalBytes: number | undefined,
): Promise<void> {
  const etag = response.headers.get('etag');
  // If-Range takes no weak ETag; a server with neither cannot be resumed safely.
  const validator = etag?.startsWith('"') === true ? etag : response.headers.get('last-modified');
  if (validator === null) {
    await rm(`${partFile}.json`, { force: true });
    return;
  }
  const record: PartialRecord = {
    address: shownUrl(address),
    validator,
    ...(totalBytes === undefined ? {} : { totalBytes }),
  };
  await writeFileWhole(`${partFile}.json`, JSON.stringify(record));
}

async function requireRoom(target: string, totalBytes: number | undefined, haveBytes: number): Promise<void> {
  const missing = (totalBytes ?? 0) - haveBytes;
  if (missing > (await freeBytes(dirname(target)))) throw diskFull(target, undefined, missing);
}

function diskFull(path: string, cause: unknown, missingBytes?: number): BuilderError {
  const need = missingBytes === undefined ? '' : `, ${missingBytes} bytes are needed`;
  return new BuilderError('disk-full', `no room in ${dirname(path)} for the base image${need}`, {
    hint: 'make room in IMAGE_PATH and build again; what was fetched so far is kept',
    cause,
  });
}

/** Aborts when `restart` was not called for a while. */
class IdleTimer {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly signal = this.#controller.signal;

  constructor(timeoutMs: number) {
    this.#timer = setTimeout(() => {
      this.#controller.abort(new Error('idle'));
    }, timeoutMs);
  }

  restart(): void {
    this.#timer.refresh();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** The innermost reason: fetch says only `fetch failed` and keeps the real one as its cause. */
function reasonOf(thrown: unknown): string {
  const error = asError(thrown);
  return error.cause === undefined ? error.message : reasonOf(error.cause);
}

function downloadFailure(address: string, thrown: unknown): BuilderError {
  if (thrown instanceof BuilderError) return thrown;
  return new BuilderError('download-failed', `cannot fetch ${shownUrl(address)}: ${reasonOf(thrown)}`, {
    hint: 'check the address and the network, or fetch the file yourself and set BASE_IMAGE to its path',
    cause: thrown,
  });
}

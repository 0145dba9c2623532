import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export interface Scope {
  readonly accessKey: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

export interface Signature extends Scope {
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const FORM =
  /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

/** What an Authorization header of Signature Version 4 says; undefined when it is none. */
export function parseSignature(header: string | undefined): Signature | undefined {
  const match = FORM.exec(header ?? '');
  if (match === null) return undefined;
  const [, accessKey = '', date = '', region = '', service = '', headers = '', signature = ''] = match;
  return { accessKey, date, region, service, signedHeaders: headers.split(';'), signature };
}

/** Whether the request was signed with this key, as it came. */
export function isSignedWith(
  secretKey: string,
  found: Signature,
  request: IncomingMessage,
  bodySha256: Buffer,
): boolean {
  const bodyHash = bodySha256.toString('hex');
  const payloadHash = headerText(request, 'x-amz-content-sha256') ?? bodyHash;
  if (payloadHash !== 'UNSIGNED-PAYLOAD' && payloadHash !== bodyHash) return false;
  const url = new URL(request.url ?? '/', 'http://host');
  const canonical = [
    request.method,
    url.pathname,
    canonicalQuery(url.searchParams),
    ...found.signedHeaders.map((name) => `${name}:${(headerText(request, name) ?? '').trim()}`),
    '',
    found.signedHeaders.join(';'),
    payloadHash,
  ].join('\n');
  const scope = [found.date, found.region, found.service, 'aws4_request'];
  const text = [
    'AWS4-HMAC-SHA256',
    headerText(request, 'x-amz-date'),
    scope.join('/'),
    sha256(canonical),
  ].join('\n');
  let key: Buffer = Buffer.from(`AWS4${secretKey}`);
  for (const part of scope) key = createHmac('sha256', key).update(part).digest();
  const expected = createHmac('sha256', key).update(text).digest();
  return timingSafeEqual(expected, Buffer.from(found.signature, 'hex'));
}

function canonicalQuery(query: URLSearchParams): string {
  return [...query]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
}

function encode(text: string): string {
  const escape = (char: string): string => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, escape);
}

export function headerText(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name.toLowerCase()];
  return Array.isArray(value) ? value.join(',') : value;
}

function sha256(data: string): string {
  return createHash('sha256').update(data).digest('hex');
}

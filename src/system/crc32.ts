import { crc32 } from 'node:zlib';

declare module 'node:zlib' {
  /** In Node.js since 20.15; the types of version 20 lack it. */
  export function crc32(data: Uint8Array, value?: number): number;
}

/** The CRC-32 of gzip and of GPT; `value` is that of the bytes before. */
export { crc32 };

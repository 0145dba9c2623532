/**
 * The part of the NBD protocol that reading needs: fixed newstyle negotiation, one export, simple replies.
 * The document is doc/proto.md of the NetworkBlockDevice project; all numbers are big-endian.
 */

const SERVER_MAGIC = 0x4e42444d41474943n; // "NBDMAGIC"
const OPTION_MAGIC = 0x49484156454f5054n; // "IHAVEOPT"
const OPTION_REPLY_MAGIC = 0x3e889045565a9n;
const REQUEST_MAGIC = 0x25609513;
const REPLY_MAGIC = 0x67446698;

/** NBD_FLAG_FIXED_NEWSTYLE, in the server's greeting and as the client's answer to it. */
const FIXED_NEWSTYLE = 1;
const OPTION_GO = 7;
const REPLY_ACK = 1;
const REPLY_INFO = 3;
const INFO_EXPORT = 0;
const COMMAND_READ = 0;
const COMMAND_DISCONNECT = 2;

export const GREETING_BYTES = 18;
export const OPTION_REPLY_BYTES = 20;
export const REPLY_BYTES = 16;

/** Whether what a server says first is the greeting of one that this client can talk to. */
export function isGreeting(bytes: Buffer): boolean {
  return (
    bytes.readBigUInt64BE(0) === SERVER_MAGIC &&
    bytes.readBigUInt64BE(8) === OPTION_MAGIC &&
    (bytes.readUInt16BE(16) & FIXED_NEWSTYLE) !== 0
  );
}

/** The client's answer to the greeting, and its wish to use the export that has no name. */
export function openExport(): Buffer {
  const bytes = Buffer.alloc(26);
  bytes.writeUInt32BE(FIXED_NEWSTYLE, 0);
  bytes.writeBigUInt64BE(OPTION_MAGIC, 4);
  bytes.writeUInt32BE(OPTION_GO, 12);
  // Its data: the length of the name, and the number of things to be told of besides what is always told.
  bytes.writeUInt32BE(6, 16);
  return bytes;
}

export interface OptionReply {
  readonly kind: 'ready' | 'info' | 'refused';
  /** Of the data that follow. */
  readonly lengthBytes: number;
}

/** Reads the head of an answer to `openExport`; undefined when it is none. */
export function parseOptionReply(bytes: Buffer): OptionReply | undefined {
  if (bytes.readBigUInt64BE(0) !== OPTION_REPLY_MAGIC) return undefined;
  const type = bytes.readUInt32BE(12);
  const kind = type === REPLY_ACK ? 'ready' : type === REPLY_INFO ? 'info' : 'refused';
  return { kind, lengthBytes: bytes.readUInt32BE(16) };
}

/** The size of the disk, when this is the piece of information that tells it. */
export function parseExportSize(bytes: Buffer): number | undefined {
  if (bytes.length < 10 || bytes.readUInt16BE(0) !== INFO_EXPORT) return undefined;
  return Number(bytes.readBigUInt64BE(2));
}

/** A request for bytes of the disk; its answer carries the same number. */
export function readRequest(id: number, offsetBytes: number, lengthBytes: number): Buffer {
  return request(COMMAND_READ, id, offsetBytes, lengthBytes);
}

/** The request to end the connection, which has no answer. */
export function disconnectRequest(): Buffer {
  return request(COMMAND_DISCONNECT, 0, 0, 0);
}

function request(command: number, id: number, offsetBytes: number, lengthBytes: number): Buffer {
  const bytes = Buffer.alloc(28);
  bytes.writeUInt32BE(REQUEST_MAGIC, 0);
  bytes.writeUInt16BE(command, 6);
  bytes.writeBigUInt64BE(BigInt(id), 8);
  bytes.writeBigUInt64BE(BigInt(offsetBytes), 16);
  bytes.writeUInt32BE(lengthBytes, 24);
  return bytes;
}

export interface Reply {
  /** The number of the request that is answered. */
  readonly id: number;
  /** 0, or an errno when no data follow. */
  readonly error: number;
}

/** Reads the head of an answer to a request; undefined when it is none. */
export function parseReply(bytes: Buffer): Reply | undefined {
  if (bytes.readUInt32BE(0) !== REPLY_MAGIC) return undefined;
  return { error: bytes.readUInt32BE(4), id: Number(bytes.readBigUInt64BE(8)) };
}

import { closeSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const RECORD_BYTES = 4;

/**
 * Which blocks the service has confirmed for a snapshot, so that a run that was killed is gone on with. The service
 * itself tells nothing of a pending snapshot. Each block is one write of four bytes at the end of the file: what a killed run wrote is
 * there, and a write that was cut short is not counted.
 */
export class SentJournal implements Disposable {
  readonly #file: number;
  readonly #sent: Uint8Array;
  #count = 0;

  private constructor(file: number, blockCount: number) {
    this.#file = file;
    this.#sent = new Uint8Array(Math.ceil(blockCount / 8));
  }

  static pathOf(folder: string, snapshotId: string): string {
    return join(folder, `${snapshotId}.sent`);
  }

  /** Opens the journal of a snapshot, which is made when there is none. */
  static open(folder: string, snapshotId: string, blockCount: number): SentJournal {
    const path = SentJournal.pathOf(folder, snapshotId);
    const file = openSync(path, 'a', 0o600);
    const journal = new SentJournal(file, blockCount);
    const known = readFileSync(path);
    const whole = known.length - (known.length % RECORD_BYTES);
    for (let place = 0; place < whole; place += RECORD_BYTES) journal.#mark(known.readUInt32BE(place));
    // Filled up, so that the next record starts at its place; it names no block of a disk.
    if (whole < known.length) writeSync(file, Buffer.alloc(RECORD_BYTES - (known.length - whole), 0xff));
    return journal;
  }

  /** How many blocks the journal of a snapshot holds; 0 when there is none. */
  static count(folder: string, snapshotId: string | undefined): number {
    const path = snapshotId === undefined ? undefined : SentJournal.pathOf(folder, snapshotId);
    const sizeBytes = path === undefined ? 0 : (statSync(path, { throwIfNoEntry: false })?.size ?? 0);
    return Math.floor(sizeBytes / RECORD_BYTES);
  }

  /** How many blocks were confirmed. */
  get count(): number {
    return this.#count;
  }

  has(index: number): boolean {
    return ((this.#sent[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
  }

  /** Says that the service has confirmed a block. */
  add(index: number): void {
    const record = Buffer.alloc(RECORD_BYTES);
    record.writeUInt32BE(index);
    writeSync(this.#file, record);
    this.#mark(index);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }

  #mark(index: number): void {
    if (index >> 3 >= this.#sent.length || this.has(index)) return;
    this.#sent[index >> 3] = (this.#sent[index >> 3] ?? 0) | (1 << (index & 7));
    this.#count += 1;
  }
}

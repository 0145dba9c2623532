import type { DiskFile } from '../qemu/disk-file.ts';
import type { SharedSource } from './shared-source.ts';
import type { SourceDisk } from './source-disk.ts';

/** One file to write. */
export interface WriteJob {
  readonly source: SourceDisk;
  /** The same source, for those who read it themselves, and what is made of it for several formats. */
  readonly shared: SharedSource;
  /** Where to; its folder belongs to this file alone, and goes when the file is finished. */
  readonly path: string;
  /** The size that the disk has in the file: the source's, or more, filled up with zeros. */
  readonly virtualSizeBytes: number;
  /** Told of the part that is written, 0 to 1. */
  readonly onFraction: (fraction: number) => void;
  readonly signal: AbortSignal;
}

/** What became of the disk, for those who prove that it is the same. */
export interface WrittenDisk {
  /** How QEMU reads the disk that was written. */
  readonly disk: DiskFile;
  /** Whether `qemu-img check` knows its format. */
  readonly checkable: boolean;
  /** The file's sha256, if it was hashed while it was written. */
  readonly sha256?: string;
}

/** Writes a disk as one file. Fails with `ProcessError` of a tool, or an error of the system; the file is then rubbish. */
export type DiskWriter = (job: WriteJob) => Promise<WrittenDisk>;

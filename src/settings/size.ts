const UNITS: Readonly<Record<string, number>> = {
  '': 1024 ** 2,
  K: 1024,
  M: 1024 ** 2,
  G: 1024 ** 3,
  T: 1024 ** 4,
};

/**
 * Reads a size as Packer and QEMU write it: `10000M`, `20G`, `1T`; a bare number counts MiB, as Packer's disk_size.
 * Returns bytes, or undefined when the text is not a size.
 */
export function parseSizeBytes(text: string): number | undefined {
  const match = /^(\d{1,12})([KMGT]?)(i?B)?$/i.exec(text.trim());
  if (match === null) return undefined;
  const bytes = Number(match[1]) * (UNITS[(match[2] ?? '').toUpperCase()] ?? Number.NaN);
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined;
}

/** Whole MiB that hold this many bytes. */
export function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 1024 ** 2);
}

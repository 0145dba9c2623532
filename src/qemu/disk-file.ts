/** A disk image and the QEMU driver that opens it. Absolute, so that no path is taken for a protocol (`a:b`). */
export interface DiskFile {
  readonly path: string;
  readonly driver: string;
  /** The part of the file that is the image, when the file holds more: a member of a tar archive. */
  readonly part?: FilePart;
}

export interface FilePart {
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** How one of qemu-img's commands is told of a disk: flags before, and a name at the end. */
export interface DiskArguments {
  readonly flags: readonly string[];
  readonly name: string;
}

/**
 * Names the driver by `-f`; for a part of a file in the name itself, since there is no flag for that (QEMU's
 * `json:` names, qemu-block-drivers(7)).
 */
export function diskArguments({ path, driver, part }: DiskFile): DiskArguments {
  if (part === undefined) return { flags: ['-f', driver], name: path };
  const { offsetBytes: offset, lengthBytes: size } = part;
  const file = { driver: 'raw', offset, size, file: { driver: 'file', filename: path } };
  return { flags: [], name: jsonName({ driver, file }) };
}

/** A disk by its driver and that driver's options, as one name. */
export function jsonName(options: Readonly<Record<string, unknown>>): string {
  return `json:${JSON.stringify(options)}`;
}

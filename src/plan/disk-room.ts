const GIB = 1024 ** 3;
/** What the payload adds to the base: packages, Docker, logs. Measured 0.4 GiB for the container host. */
const PAYLOAD_BYTES = 0.5 * GIB;
/** The machine's own overlay, logs, and slack for what file systems keep for themselves. */
const SLACK_BYTES = 1 * GIB;
/** A DC/OS installer lies in the image twice at worst: as itself and unpacked. */
const INSTALLER_COPIES = 2;

/** Bytes of room that a build needs in IMAGE_PATH: an estimate on the safe side, from what is in the image. */
export function neededBytes(baseBytes: number, installerBytes: number, formats: number): number {
  const contentBytes = baseBytes + PAYLOAD_BYTES + INSTALLER_COPIES * installerBytes;
  return Math.ceil(contentBytes * formats + SLACK_BYTES);
}

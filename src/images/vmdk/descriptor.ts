import { randomBytes } from 'node:crypto';
import { SECTOR_BYTES } from './stream-layout.ts';

/** BIOS geometry of disks behind an LSI Logic controller; every reader takes the size itself from elsewhere. */
const HEADS = 255;
const SECTORS_PER_TRACK = 63;
const MOST_CYLINDERS = 65_535;
/** "Made by something else": VMware then asks for no newer tools. */
const TOOLS_VERSION = '2147483647';

/** Content ids that mean something else: no parent, and an empty disk. */
const RESERVED_IDS = ['ffffffff', 'fffffffe'];

/** A content id of a new disk, eight hex digits. */
export function newContentId(): string {
  for (;;) {
    const id = randomBytes(4).toString('hex');
    if (!RESERVED_IDS.includes(id)) return id;
  }
}

/**
 * The text inside a stream-optimized VMDK that describes it. `fileName` is the file's own name, by which some readers
 * look for its data. The controller is LSI Logic, which ESXi and VirtualBox both have; the hardware version says no
 * more than that the format is not older than that of ESX 4 (ESXi takes the real one from the OVF).
 */
export function streamDescriptor(fileName: string, sizeBytes: number, contentId: string): string {
  const sectors = sizeBytes / SECTOR_BYTES;
  const cylinders = Math.min(Math.ceil(sectors / (HEADS * SECTORS_PER_TRACK)), MOST_CYLINDERS);
  return `# Disk DescriptorFile
version=1
encoding="UTF-8"
CID=${contentId}
parentCID=ffffffff
createType="streamOptimized"

# Extent description
RW ${sectors} SPARSE "${fileName.replaceAll('"', '_')}"

# The Disk Data Base
#DDB

ddb.virtualHWVersion = "6"
ddb.geometry.cylinders = "${cylinders}"
ddb.geometry.heads = "${HEADS}"
ddb.geometry.sectors = "${SECTORS_PER_TRACK}"
ddb.adapterType = "lsilogic"
ddb.toolsVersion = "${TOOLS_VERSION}"
`;
}

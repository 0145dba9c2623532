"""Reads a disk image with libvhdi or libvmdk, which know nothing of QEMU, and prints its size and its sha256.

Usage: convert-read.py vhd|vmdk FILE
"""

import hashlib
import sys

CHUNK_BYTES = 1 << 20


def open_disk(kind, path):
    if kind == "vhd":
        import pyvhdi

        disk = pyvhdi.file()
        disk.open(path)
        return disk
    import pyvmdk

    disk = pyvmdk.handle()
    disk.open(path)
    disk.open_extent_data_files()
    return disk


disk = open_disk(sys.argv[1], sys.argv[2])
digest = hashlib.sha256()
left = disk.get_media_size()
while left > 0:
    chunk = disk.read_buffer(min(CHUNK_BYTES, left))
    if not chunk:
        sys.exit("the disk ends before its size")
    digest.update(chunk)
    left -= len(chunk)
print(disk.get_media_size(), digest.hexdigest())

"""Reads disk.raw out of a tar.gz with Python's tarfile, which knows nothing of GNU tar's code, and prints its size and
its sha256.

Usage: read-sparse-tar.py FILE.tar.gz
"""

import hashlib
import sys
import tarfile

with tarfile.open(sys.argv[1], "r:gz") as archive:
    (member,) = archive.getmembers()
    assert member.name == "disk.raw" and member.issparse(), member
    digest = hashlib.sha256()
    content = archive.extractfile(member)
    while chunk := content.read(1 << 20):
        digest.update(chunk)
    print(member.size, digest.hexdigest())

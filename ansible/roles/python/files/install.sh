#!/bin/sh
# In the guest: unpacks the archive that follows the last line of this very file. The marker is written last, so an
# interrupted run leaves none, and the next run starts over.
set -eu
fail() { echo "$1" >&2; exit 1; }

stage=$PYTHON_HOME.new
trap 'rm -rf "$stage" "$stage.tar"' EXIT
trap 'exit 1' HUP INT TERM
rm -rf "$stage"
mkdir -p "$stage" "$PYTHON_BIN_DIR"
rm -f "$PYTHON_BIN_DIR/.bootstrapped"

start=$(($(grep -a -n -m 1 '^#ARCHIVE#$' "$0" | cut -d : -f 1) + 1))
tail -n "+$start" "$0" >"$stage.tar"
found=$(sha256sum "$stage.tar" | cut -d ' ' -f 1)
[ "$found" = "$PYTHON_ARCHIVE_SHA256" ] || fail "the archive arrived with the SHA-256 $found instead of $PYTHON_ARCHIVE_SHA256"
tar --no-same-owner -xf "$stage.tar" -C "$stage" || fail "could not unpack the archive: the base may lack the program for its compression"

root=$stage
set -- "$stage"/*
if [ $# -eq 1 ] && [ -d "$1" ]; then root=$1; fi
[ -x "$root/bin/python3" ] || fail "the archive has no bin/python3"
rm -rf "$PYTHON_HOME"
mv "$root" "$PYTHON_HOME"

# A wrapper, not a link: a Python finds its library by the path it was started with, and its own libraries stay out of
# the environment of everything that it starts only this way.
cat >"$PYTHON_BIN_DIR/python.new" <<END
#!/bin/sh
exec $PYTHON_HOME/bin/python3 "\$@"
END
chmod 0755 "$PYTHON_BIN_DIR/python.new"
"$PYTHON_BIN_DIR/python.new" -c 'import json, zipfile' || fail "the Python of the archive does not run on this base"
mv "$PYTHON_BIN_DIR/python.new" "$PYTHON_BIN_DIR/python"
sync
echo "$PYTHON_ARCHIVE_SHA256" >"$PYTHON_BIN_DIR/.bootstrapped"
exit 0
#ARCHIVE#

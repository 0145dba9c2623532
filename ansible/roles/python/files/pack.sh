# shellcheck shell=sh
# On the controller: fetches PYTHON_ARCHIVE when it is a URL, checks it, and writes PYTHON_INSTALLER followed by the archive
# into one file of the cache. Its last line of output is that file's path.
set -eu
fail() { echo "$1" >&2; exit 1; }
sum_of() { sha256sum "$1" | cut -d ' ' -f 1; }

umask 077
mkdir -p "$PYTHON_CACHE_DIR"
case $PYTHON_ARCHIVE in
  http://* | https://* | file://*)
    archive=$PYTHON_CACHE_DIR/python-$PYTHON_ARCHIVE_SHA256
    if [ ! -f "$archive" ] || [ "$(sum_of "$archive")" != "$PYTHON_ARCHIVE_SHA256" ]; then
      rm -f "$archive"
      curl --fail --silent --show-error --location --retry 5 --connect-timeout 30 --output "$archive.part" "$PYTHON_ARCHIVE" ||
        fail "could not fetch $PYTHON_ARCHIVE: set python_archive to a local file, or to a URL that can be reached from here"
      if [ "$(sum_of "$archive.part")" = "$PYTHON_ARCHIVE_SHA256" ]; then
        mv "$archive.part" "$archive"
      else
        archive=$archive.part
      fi
    fi
    ;;
  *)
    archive=$PYTHON_ARCHIVE
    [ -r "$archive" ] || fail "python_archive $archive is not a file that can be read"
    ;;
esac

found=$(sum_of "$archive")
if [ "$found" != "$PYTHON_ARCHIVE_SHA256" ]; then
  case $archive in *.part) rm -f "$archive" ;; esac
  fail "$PYTHON_ARCHIVE has the SHA-256 $found, but python_archive_sha256 is $PYTHON_ARCHIVE_SHA256"
fi

# One name for an installer and an archive, so that a changed installer is never shadowed by an old file of the cache.
packed=$PYTHON_CACHE_DIR/python-installer-$(cat "$PYTHON_INSTALLER" - <<END | sha256sum | cut -c 1-16
$PYTHON_ARCHIVE_SHA256
END
)
if [ ! -f "$packed" ]; then
  cat "$PYTHON_INSTALLER" "$archive" >"$packed.$$"
  mv "$packed.$$" "$packed"
fi
echo "$packed"

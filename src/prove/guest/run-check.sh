#!/bin/sh
# Runs the program that comes by the standard input, by whatever its first line names. A folder that lets no program run
# (noexec, as some have /tmp) is passed over.
set -u
file=
for folder in /tmp /var/tmp "$HOME" /run; do
  file=$(mktemp "$folder/proof-XXXXXX" 2>/dev/null) || continue
  chmod 0700 "$file"
  [ ! -x "$file" ] || break
  rm -f "$file"
  file=
done
if [ -z "$file" ]; then
  echo 'no folder of the machine lets a program run' >&2
  exit 126
fi
cat >"$file" && "$file"
code=$?
rm -f "$file"
exit "$code"

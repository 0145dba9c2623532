# shellcheck shell=sh
# Exit 0 and its path when there is a Python that Ansible's modules can use, 3 when there is none.
# Debian's python3-minimal is a Python without json: it does not count.
for python in /usr/bin/python3 "${PYTHON_BIN_DIR:-/opt/bin}/python" /usr/libexec/platform-python; do
  if [ -x "$python" ] && "$python" -c 'import json, sys, zipfile; sys.exit(sys.version_info < (3, 5))' 2>/dev/null; then
    echo "$python"
    exit 0
  fi
done
exit 3

#!/bin/sh
# Sets up what is missing, then runs the program: `./start.sh` builds, `./start.sh COMMAND ...` runs any command.
set -eu

here=$(dirname "$(readlink -f "$0")")
# System folders of root's PATH hold mkfs and sgdisk; an ordinary user's PATH may lack them.
PATH=$PATH:/usr/sbin:/sbin

say() { printf 'start.sh: %s\n' "$*" >&2; }

# packages.txt: what must be there (a command, or a file by its path), and the Debian package that brings it.
missing_packages() {
  while read -r what package; do
    case $what in
      /*) [ -e "$what" ] || echo "$package" ;;
      *) command -v "$what" >/dev/null || echo "$package" ;;
    esac
  done <"$here/packages.txt"
}

install_packages() {
  install="apt-get install --yes --no-install-recommends $1"
  if [ "$(id -u)" = 0 ]; then
    sudo=
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    sudo='sudo -n'
  else
    say "missing packages; type this, then start again:"
    printf '  sudo %s\n' "$install" >&2
    exit 1
  fi
  say "installing: $1"
  # shellcheck disable=SC2086 # words on purpose: an optional sudo, a list of packages
  { $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive $install -qq; } >&2 || {
    say "apt-get failed; the network may be down. Without it, install by hand: $1"
    exit 1
  }
}

check_node() {
  command -v node >/dev/null && node -e '
    const [major, minor] = process.versions.node.split(".").map(Number);
    process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' && return
  say "Node.js 20.19 or newer is needed; found: $(node --version 2>/dev/null || echo none)"
  exit 1
}

is_fresh() {
  [ -e "$here/dist/cli.js" ] && command -v node >/dev/null &&
    [ -z "$(find "$here/src" "$here/build.mjs" "$here/package-lock.json" -newer "$here/dist/cli.js" -print -quit)" ]
}

set_up() {
  packages=$(missing_packages | sort -u | paste -sd ' ' -)
  [ -z "$packages" ] || install_packages "$packages"
  is_fresh && return
  check_node
  say 'building the program'
  if [ ! -e node_modules/.package-lock.json ] ||
    [ -n "$(find package-lock.json -newer node_modules/.package-lock.json)" ]; then
    npm ci --no-audit --no-fund --loglevel=error >&2
    touch node_modules/.package-lock.json
  fi
  node build.mjs
}

# The container image has all of it, and installs nothing when it runs. Nor is anything written when nothing is missing:
# a checkout may be somebody else's, or read-only.
if [ -z "${NETSIL_BUILDER_PREPARED:-}" ] && { ! is_fresh || [ -n "$(missing_packages)" ]; }; then
  (
    cd "$here"
    # Two first starts at once would write the same folders.
    if (: >>.set-up.lock) 2>/dev/null; then
      exec 9>>.set-up.lock
      flock 9 2>/dev/null || :
    fi
    set_up
  )
fi
exec node "$here/dist/cli.js" "$@"

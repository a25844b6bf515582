#!/usr/bin/env bash
# system-packages.sh WHAT_FOR PACKAGE...   installs the Debian packages that are missing, or says in a sentence what to do.
set -u
what_for=$1
shift

missing=()
if command -v dpkg-query >/dev/null; then
  for package in "$@"; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)
    [ "$state" = installed ] || missing+=("$package")
  done
else
  missing=("$@")
fi
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  # -n: a start must not hang on a password that nobody is there to type.
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then as_root=(sudo -n); else as_root=(no); fi
fi

if command -v apt-get >/dev/null && [ "${as_root[0]:-}" != no ]; then
  echo "Installing ${missing[*]} for $what_for ..."
  log=$(mktemp)
  install=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 install -y -q --no-install-recommends)
  # The lists on a machine are often fresh enough; when they are not, refresh them once.
  if "${as_root[@]}" "${install[@]}" "${missing[@]}" >"$log" 2>&1 </dev/null; then rm -f "$log"; exit 0; fi
  if "${as_root[@]}" apt-get -q update >>"$log" 2>&1 </dev/null \
    && "${as_root[@]}" "${install[@]}" "${missing[@]}" >>"$log" 2>&1 </dev/null; then rm -f "$log"; exit 0; fi
  tail -n 3 "$log" >&2
  rm -f "$log"
fi

echo "For $what_for, install ${missing[*]} with your system's package manager; Restow itself runs without." >&2
exit 1

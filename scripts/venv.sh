#!/bin/sh
# Makes the virtual environment with the newest supported Python that is here.
set -eu
venv=$1

python=
for name in python3.13 python3.12 python3.11 python3; do
  if command -v "$name" >/dev/null 2>&1 &&
     "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
    python=$name
    break
  fi
done
if [ -z "$python" ]; then
  echo "Firsthand needs Python 3.11, 3.12 or 3.13: apt-get install python3" >&2
  exit 1
fi

if "$python" -m venv "$venv" 2>/dev/null; then exit 0; fi

# Debian and Ubuntu keep ensurepip in a package of its own.
package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
if [ "$(id -u)" = 0 ]; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" >/dev/null
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
  sudo apt-get update -qq && sudo DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" >/dev/null
else
  echo "This Python cannot make environments yet: sudo apt-get install $package" >&2
  exit 1
fi
rm -rf "$venv"
"$python" -m venv "$venv"

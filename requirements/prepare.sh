#!/bin/sh
# Makes the virtual environment: prepare.sh PYTHON VENV. Says what is missing and what brings it.
set -eu
python=$1
venv=$2

say() { printf '%s\n' "$*" >&2; }

if ! command -v "$python" >/dev/null 2>&1; then
  say "Python is missing. Debian/Ubuntu: apt-get install python3 python3-venv   macOS: brew install python"
  exit 1
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  say "Uzel needs Python 3.11 or newer; '$python' is $("$python" -V 2>&1)."
  say "Name another one: make run PYTHON=python3.12"
  exit 1
fi
if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
  say "Python's venv module is missing. Debian/Ubuntu: apt-get install python3-venv"
  exit 1
fi
if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
  say "Making the virtual environment $venv"
  "$python" -m venv --clear "$venv"
fi
"$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
say "Installing pinned dependencies (about a minute the first time, seconds afterwards)"
"$venv/bin/uv" pip install -q --python "$venv/bin/python" --require-hashes -r requirements/dev.txt
"$venv/bin/uv" pip install -q --python "$venv/bin/python" --no-deps --no-build-isolation -e .

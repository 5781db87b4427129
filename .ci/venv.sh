# Sourced by .ci/demo and .ci/test: `install_into_venv WHAT` makes .venv and installs into it.
find_python() {
  for python in python3.13 python3.12 python3.11 python3; do
    if command -v "$python" >/dev/null &&
      "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$python"
      return
    fi
  done
}
install_into_venv() {
  if [ ! -x .venv/bin/python ]; then
    local python
    python="$(find_python)"
    if [ -z "$python" ]; then
      echo "dctwin needs Python 3.11 or newer on the PATH" >&2
      exit 1
    fi
    if ! "$python" -m venv .venv 2>/dev/null; then
      rm -rf .venv
      echo "$python cannot make virtual environments (Debian: apt-get install python3-venv)" >&2
      exit 1
    fi
  fi
  .venv/bin/python -m pip install --quiet --upgrade pip
  .venv/bin/python -m pip install --quiet --editable "$1"
}

#!/bin/sh
# Writes the lock files from pyproject.toml: versions and hashes for every platform and every
# Python that is supported, and no address of a registry. A maintainer's tool; needs a network.
#     sh tools/lock.sh [--upgrade]
set -eu
cd "$(dirname "$0")/.."

# Nothing of this machine's own settings may decide what everybody installs.
for setting in $(env | sed -n 's/^\(UV_[A-Z_]*\)=.*/\1/p'); do unset "$setting"; done
unset PIP_FIND_LINKS PYTHONPATH PYTHONHOME

if ! .venv/lock/bin/uv --version >/dev/null 2>&1; then
    .venv/bin/python -m venv .venv/lock
    .venv/lock/bin/python -m pip --disable-pip-version-check install --quiet 'uv>=0.13'
fi

compile() {
    .venv/lock/bin/uv pip compile --quiet --no-config --system-certs --universal --python-version 3.11 \
        --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate \
        --custom-compile-command "make lock" "$@" >/dev/null
}
compile pyproject.toml --group build --output-file requirements.txt ${1:+"$1"}
# The same versions again, and the rest.
compile pyproject.toml --group build --extra dev --constraint requirements.txt \
    --output-file requirements-dev.txt ${1:+"$1"}

if grep -nE '://|--(index-url|extra-index-url|find-links|trusted-host)|@ |file:' \
    requirements.txt requirements-dev.txt; then
    echo "a lock file names an address: see above" >&2
    exit 1
fi

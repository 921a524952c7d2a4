#!/bin/sh
# Sets up .venv and installs what is locked, then tracemap itself (editable):
#     sh tools/venv.sh run     what `tracemap` needs
#     sh tools/venv.sh dev     that, and what the tests and checks need
# Does nothing when that is already done for these lock files, this pyproject.toml, this folder.
# PYTHON=/path/to/python chooses the interpreter; else the first one found that will do.
set -eu
cd "$(dirname "$0")/.."

what=${1:-dev}
case $what in
    run) lock=requirements.txt ;;
    dev) lock=requirements-dev.txt ;;
    *) echo "usage: sh tools/venv.sh run|dev" >&2; exit 2 ;;
esac

# Settings of the user's own that would send an install elsewhere or make it refuse.
unset PYTHONHOME PYTHONPATH PIP_TARGET PIP_PREFIX PIP_USER PIP_REQUIRE_VIRTUALENV PIP_NO_BINARY

say() { printf '%s\n' "$*" >&2; }

# $1 runs, and is 3.11 or later.
recent() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# $1 can make a virtual environment: Debian and Ubuntu ship that part on its own.
complete() {
    "$1" -c 'import ensurepip, venv' >/dev/null 2>&1
}

# Which installation of Python $1 belongs to.
identity() {
    "$1" -c 'import sys; print(sys.base_prefix, sys.version)' 2>/dev/null
}

# .venv is there, was made in this folder, and by the interpreter that was asked for, if any.
usable() {
    recent .venv/bin/python || return 1
    # A folder that was moved or copied keeps the old path in its scripts.
    if [ -f .venv/tracemap-path ] && [ "$(cat .venv/tracemap-path)" != "$PWD" ]; then return 1; fi
    [ -z "${PYTHON:-}" ] || [ "$(identity "$PYTHON")" = "$(identity .venv/bin/python)" ]
}

find_python() {
    incomplete=
    for candidate in ${PYTHON:+"$PYTHON"} \
        python3 python3.14 python3.13 python3.12 python3.11 python; do
        if recent "$candidate"; then
            if complete "$candidate"; then
                printf '%s\n' "$candidate"
                return 0
            fi
            incomplete=${incomplete:-$candidate}
        fi
        if [ -n "${PYTHON:-}" ]; then break; fi
    done
    if [ -n "$incomplete" ]; then
        version=$("$incomplete" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        say "$incomplete (Python $version) cannot make a virtual environment: its venv or" \
            "ensurepip module is missing. Install it (Debian and Ubuntu:" \
            "apt install python$version-venv) and run this again."
    elif [ -n "${PYTHON:-}" ]; then
        say "PYTHON=$PYTHON is not a Python 3.11 or later. Give the path of one that is."
    else
        say "tracemap needs Python 3.11 or later and found none as python3 or python3.1x." \
            "Install one, or say where it is: make PYTHON=/path/to/python3.12 ..."
    fi
    return 1
}

digest() {
    cat "$1" requirements.txt pyproject.toml tools/venv.sh | cksum
}

# What an environment was made for; written last, so that one cut short is finished next time.
wanted=$(printf '%s\n%s' "$(digest "$lock")" "$PWD")
ready() {
    [ -f ".venv/tracemap-$1" ] && [ "$(cat ".venv/tracemap-$1")" = "$2" ] && usable
}
if ready "$what" "$wanted"; then exit 0; fi
if [ "$what" = run ] && [ -f requirements-dev.txt ] &&
    ready dev "$(printf '%s\n%s' "$(digest requirements-dev.txt)" "$PWD")"; then
    exit 0
fi

if ! usable; then
    python=$(find_python)
    say "Making .venv with $("$python" -c 'import sys; print("Python", sys.version.split()[0])')"
    if ! "$python" -m venv --clear .venv; then
        say "$python could not make .venv here: see the message above."
        exit 1
    fi
fi
printf '%s' "$PWD" >.venv/tracemap-path

if ldd --version 2>&1 | grep -qi musl; then
    say "This system uses musl, for which duckdb has no ready-made wheel:" \
        "it will be compiled, which needs a C++ compiler and much time."
fi

rm -f ".venv/tracemap-$what"
say "Installing what $lock locks (a few minutes the first time)"
pip() { .venv/bin/python -m pip --disable-pip-version-check "$@"; }
if ! pip install --quiet --require-hashes -r "$lock"; then
    say "The locked dependencies could not be installed: see the message above." \
        "Without a network, point pip at your own mirror (PIP_INDEX_URL) and run this again."
    exit 1
fi
pip install --quiet --no-deps --no-build-isolation --editable .
printf '%s' "$wanted" >".venv/tracemap-$what"

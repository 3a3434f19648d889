#!/bin/sh
# Installs the project and what it runs on into a directory: what the Dockerfile beside this does, and what a machine
# without containers (deploy/systemd) and the tests do.
#
#   deploy/image/install.sh DIRECTORY [kubernetes]      PYTHON=python3.11 names another Python
#
# With `kubernetes`, a pod can be started for each run (deploy/kubernetes).
# Everything is locked with hashes and comes as a wheel: nothing is compiled. The embedded PostgreSQL and what tests
# and development need are left out. The directory cannot be moved afterwards.
set -eu

prefix="$1"
extra="${2:-}"
python="${PYTHON:-python3}"
here="$(cd "$(dirname "$0")" && pwd)"
project="$(cd "$here/../.." && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

"$python" -m venv "$work/tools"
pip() { "$work/tools/bin/python" -m pip --quiet --disable-pip-version-check "$@"; }
pip install --only-binary :all: --require-hashes --requirement "$here/build.lock"

# From a copy: the checkout may be readable only.
mkdir "$work/project"
(cd "$project" && cp -R LICENSE README.md dagster.yaml deploy moss_jamf_pipeline pyproject.toml sql workspace.yaml "$work/project")
pip wheel --no-deps --no-build-isolation --wheel-dir "$work/wheels" "$work/project"

"$python" -m venv --without-pip "$prefix"
for lock in requirements ${extra:+"$extra"}; do
  pip --python "$prefix/bin/python" install --no-compile --no-deps --only-binary :all: \
    --require-hashes --requirement "$here/$lock.lock"
done
pip --python "$prefix/bin/python" install --no-compile --no-deps "$work"/wheels/*.whl

# What no process of ours opens: the tests of two libraries, and what a browser's debugger shows of the Dagster UI.
packages="$("$prefix/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
find "$packages/numpy" "$packages/pandas" -depth -type d -name tests -exec rm -rf {} +
find "$packages/dagster_webserver" -name '*.map' -delete

# Nobody may write there later, so Python's own form of the code is made now.
"$prefix/bin/python" -m compileall -q -j 0 "$packages" >/dev/null

#!/bin/sh
# Writes the three files that pip installs from, out of uv.lock.
set -eu
cd "$(dirname "$0")/.."
uv=${UV:-.venv/bin/uv}
$uv lock -q
for set in "run:--group build" "dev:--group build --group test --group check" "bench:--group build --group test --group check --group bench"; do
    # shellcheck disable=SC2086
    $uv export -q --no-emit-project --no-header --no-default-groups ${set#*:} --output-file "requirements/${set%%:*}.txt" >/dev/null
done

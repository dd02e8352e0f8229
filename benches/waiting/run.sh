#!/usr/bin/env bash
# Measures how long the whole suite takes against a server that takes its time: the reference target at the pace of a real
# one, whose loads show after 1.1 s and whose releases take 0.8 s. First with the default settings, then case by case, then
# with each number of JOBS. The run with the default settings has to take at most a tenth of the one with `--jobs 1`.
#
#   JOBS="8 16 32 64" benches/waiting/run.sh
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
tool=${TOOL:-$root/target/release/milvus-conformance}
profile=${PROFILE:-milvus-2.6} token=root:Milvus
[ -x "$tool" ] || cargo build --release --manifest-path "$root/Cargo.toml"

work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
"$tool" serve --listen 127.0.0.1:0 --profile "$profile" --token "$token" --pace real > "$work/url" &
server=$!
until [ -s "$work/url" ]; do kill -0 "$server"; done
url=$(cat "$work/url")

# Prints the seconds of one whole run, in which every case has to pass.
seconds() {
  local begun ended
  begun=$(date +%s.%N)
  "$tool" run --target "$url" --token "$token" --profile "$profile" --gate observed -q \
    --results "$work/results.json" --ledger "$work/ledger" "$@" > "$work/out" || { cat "$work/out" >&2; return 1; }
  ended=$(date +%s.%N)
  awk -v a="$begun" -v b="$ended" 'BEGIN { printf "%.1f", b - a }'
}

echo "$(nproc) processors, load average $(cut -d' ' -f1 /proc/loadavg)"
default=$(seconds)
echo "default settings: $default s; $(grep -o '[0-9]* cases: .*' "$work/out")"
for jobs in ${JOBS:-}; do echo "--jobs $jobs: $(seconds --jobs "$jobs") s"; done
one=$(seconds --jobs 1)
awk -v d="$default" -v o="$one" 'BEGIN {
  printf "--jobs 1: %.1f s, %.1f times as long as with the default settings\n", o, o / d
  exit o < 10 * d }'

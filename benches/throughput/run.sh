#!/usr/bin/env bash
# Compares the speed of this tool with that of `hurl --test` on the same work, as whole processes in turn.
#
# nginx answers get_load_state with a fixed body; FILES scenario files of STEPS steps, three assertions a step, are run by
# both, with 8 jobs and with 1. Ratios of one run count: machines are noisy. Needs nginx, hurl 8.0.1 and Python.
#
#   apt-get install nginx-light libxml2-dev libcurl4-openssl-dev libclang-dev
#   cargo install hurl@8.0.1 --locked
#   benches/throughput/run.sh
set -euo pipefail

files=${FILES:-200} steps=${STEPS:-50} rounds=${ROUNDS:-9} port=${PORT:-0}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
tool=${TOOL:-$root/target/release/milvus-conformance}
for need in nginx hurl python3; do
  command -v "$need" >/dev/null || { echo "skipped: $need is not installed"; exit 0; }
done
[ -x "$tool" ] || cargo build --release --manifest-path "$root/Cargo.toml"

work=$(mktemp -d)
trap '[ -f "$work/nginx.pid" ] && kill "$(cat "$work/nginx.pid")" 2>/dev/null; rm -rf "$work"' EXIT
[ "$port" != 0 ] || port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

cat > "$work/nginx.conf" <<CONF
worker_processes 2;
pid $work/nginx.pid;
error_log $work/error.log;
events { worker_connections 256; }
http {
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path $work/body; proxy_temp_path $work/proxy; fastcgi_temp_path $work/fastcgi;
  uwsgi_temp_path $work/uwsgi; scgi_temp_path $work/scgi;
  server {
    listen 127.0.0.1:$port;
    location / {
      default_type "application/json; charset=utf-8";
      return 200 '{"code":0,"data":{"loadProgress":100,"loadState":"LoadStateLoaded"},"message":""}';
    }
  }
}
CONF
nginx -c "$work/nginx.conf" -p "$work"

mkdir -p "$work/ours" "$work/hurl"
for file in $(seq 1 "$files"); do
  {
    echo "title: File $file finds its collections loaded"
    echo "steps:"
    for step in $(seq 1 "$steps"); do
      echo "  - call: collections/get_load_state"
      echo "    with: {collectionName: bench_${file}_$step}"
      echo "    returns: {code: 0, loadState: LoadStateLoaded, loadProgress: 100}"
    done
  } > "$work/ours/file$file.yaml"
  for step in $(seq 1 "$steps"); do
    cat <<HURL
POST http://127.0.0.1:$port/v2/vectordb/collections/get_load_state
Content-Type: application/json
{"collectionName": "bench_${file}_$step"}
HTTP 200
[Asserts]
jsonpath "$.code" == 0
jsonpath "$.data.loadState" == "LoadStateLoaded"
jsonpath "$.data.loadProgress" == 100

HURL
  done > "$work/hurl/file$file.hurl"
done

# What the two run, one word a line.
ours() {
  printf '%s\n' "$tool" run "$work/ours" --target "http://127.0.0.1:$port" --profile milvus-2.6 --jobs "$1" -q \
    --results "$work/results.json" --ledger "$work/ledger"
}
theirs() { printf '%s\n' "$(command -v hurl)" --test --jobs "$1" "$work/hurl"; }

# Prints seconds and peak memory in KiB of one whole process, from its start to its end, without the shell around it.
measure() {
  local words
  mapfile -t words
  python3 - "$work" "${words[@]}" <<'PYTHON'
import os, subprocess, sys, time

folder, *command = sys.argv[1:]
with open(f"{folder}/out", "wb") as out:
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=out, stderr=out)
    _, status, used = os.wait4(process.pid, 0)
    took = time.perf_counter() - begun
if status:
    sys.stderr.write(open(f"{folder}/out", errors="replace").read())
    sys.exit(1)
print(f"{took:.4f} {used.ru_maxrss}")
PYTHON
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
total=$((files * steps))
echo "$files files of $steps steps, three assertions a step, $rounds rounds in turn; $(nproc) processors"
for jobs in 8 1; do
  # Once without counting, so that programs and files are in memory for both.
  ours "$jobs" | measure > "$work/first"; theirs "$jobs" | measure > "$work/first"
  : > "$work/ours.times"; : > "$work/theirs.times"; : > "$work/ours.memory"
  for _ in $(seq 1 "$rounds"); do
    read -r seconds memory < <(ours "$jobs" | measure)
    echo "$seconds" >> "$work/ours.times" && echo "$memory" >> "$work/ours.memory"
    read -r seconds _ < <(theirs "$jobs" | measure)
    echo "$seconds" >> "$work/theirs.times"
  done
  grep -q "\"pass\":$files[,}]" "$work/results.json" || { echo "not every case passed"; exit 1; }
  o=$(median < "$work/ours.times") t=$(median < "$work/theirs.times") m=$(sort -n "$work/ours.memory" | tail -n 1)
  awk -v o="$o" -v t="$t" -v n="$total" -v j="$jobs" -v m="$m" 'BEGIN {
    printf "jobs %d: ours %.3f s (%.0f steps/s), hurl %.3f s (%.0f steps/s), ratio %.2f; our peak memory %.1f MiB\n",
      j, o, n / o, t, n / t, t / o, m / 1024 }'
done

#!/usr/bin/env bash
# How fast `simulate` writes, and in how much memory: one core, files on disk, warm binary.
# Beside each run: copying the same bytes, which is what the disk alone costs.
set -euo pipefail

binary=${BACKSTORY:-${CARGO_TARGET_DIR:-$HOME/.cache/backstory-target}/release/backstory}
hours=${HOURS:-200}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '%s, %s\n' "$("$binary" --version)" "$(uname -sm)"
printf '%-4s %9s %10s %8s %9s %12s %9s %7s %12s\n' \
  era hours rows MiB distinct rows/cpu-s rows/s MiB-rss copy-ratio
one() {
  local era=$1 hours=$2 out="$work/$1-$2" rows bytes distinct
  /usr/bin/env time -f '%U %S %e %M' -o "$work/time" \
    taskset -c 0 "$binary" simulate --out "$out" --era "$era" --hours "$hours" --seed 1 2>/dev/null
  read -r user system wall kib <"$work/time"
  rows=$(python3 -c "import json,sys; print(json.load(open(sys.argv[1]))['summary']['rows']['system_logs'])" "$out/truth.json")
  bytes=$(stat -c %s "$out/system_logs.csv")
  distinct=$(cut -d, -f6- "$out/system_logs.csv" | head -n 500000 | sort -u | wc -l)
  /usr/bin/env time -f '%e' -o "$work/copy" taskset -c 0 cp "$out/system_logs.csv" "$work/copied"
  awk -v e="$era" -v h="$hours" -v r="$rows" -v b="$bytes" -v d="$distinct" -v u="$user" -v s="$system" \
    -v w="$wall" -v m="$kib" -v c="$(cat "$work/copy")" 'BEGIN {
      printf "%-4s %9s %10d %8d %9s %12d %9d %7d %12.1f\n", e, h, r, b / 1048576, d, r / (u + s), r / w, m / 1024, w / (c + 0.01) }'
  rm -rf "$out" "$work/copied"
}
for era in E4 E6 E12; do one "$era" "$hours"; done
if [[ "${LONG:-}" ]]; then one E6 1500; fi

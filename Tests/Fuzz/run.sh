#!/usr/bin/env bash
# run.sh SECONDS: runs every target on its corpus for so long; fails at the first finding.
# New inputs go to .build/fuzz/corpus; Tests/Fuzz/Corpus is what is kept.
set -euo pipefail
cd "$(dirname "$0")/../.."

# Swift's own report of a crash would keep libFuzzer from saving the input.
export SWIFT_BACKTRACE=enable=no

seconds=${1:?usage: run.sh SECONDS}
for target in options frames segments devices backends; do
  program=fuzz
  limit=1024
  case $target in devices | backends) program=fuzz-devices limit=4096 ;; esac
  echo "fuzzing $target for $seconds s"
  mkdir -p .build/fuzz/corpus/$target
  log=.build/fuzz/$target.log
  if ! IX_FUZZ_TARGET=$target .build/fuzz/$program -max_total_time="$seconds" -max_len=$limit \
    -artifact_prefix=.build/fuzz/$target- \
    .build/fuzz/corpus/$target Tests/Fuzz/Corpus/$target > $log 2>&1; then
    tail -n 60 $log
    exit 1
  fi
  grep '^Done' $log
done

#!/bin/sh
# Runs one test file in a lane, and prints all that it said at its end.
# Usage: test_file.sh ROOT FILE; $LANE, $deno and $results come from scripts/test
set -eu
root=$1
file=$2
cd "$root"

name=$(basename "$file" _test.ts)
log=$results.$name.log
printf -- "--- %s starts\n" "$file"
started=$(date +%s)
status=0
CONTRACTOR_TEST_STATE=$root/.cache/test-state-$LANE
export CONTRACTOR_TEST_STATE
"$deno" test --cached-only --frozen --no-prompt --allow-all \
    --junit-path="$results.$name.xml" "$file" >"$log" 2>&1 || status=$?
{
    flock 9
    printf '\n--- %s (%d s)\n' "$file" "$(($(date +%s) - started))"
    cat "$log"
} 9>"$results.lock"
exit "$status"

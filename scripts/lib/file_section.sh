#!/bin/sh
# Runs an end-to-end test file in a lane, which has a manager VM of its own.
# With $CONTRACTOR_TEST_MINUTES one that might end later counts as not run.
# Usage: file_section.sh ROOT FILE; $LANE is the number of the lane
set -eu

root=$1
file=$2
. "$root/scripts/lib/progress.sh"
. "$root/scripts/lib/deno.sh"
. "$root/scripts/lib/sections.sh"

# On a slow machine it takes three times as long as usual.
is_too_late() {
    [ -n "${CONTRACTOR_TEST_MINUTES-}" ] || return 1
    usual=$(awk -v file="$file" '$2 == file { print $1 }' "$root/scripts/lib/usual_seconds")
    end=$(($(date +%s) - progress_started + 3 * ${usual:-300}))
    [ "$end" -gt $((CONTRACTOR_TEST_MINUTES * 60)) ]
}

if is_too_late; then
    say "$file: NOT RUN, it might not end within $CONTRACTOR_TEST_MINUTES minutes"
    printf 'left\t0\t0\t%s\t%s\n' "$file" "$file" >>"$results_folder/records"
    exit
fi
cd "$root"
CONTRACTOR_TEST_STATE=$root/.cache/test-state-$LANE
export CONTRACTOR_TEST_STATE
say "$file ..."
whole record file "$file" deno_test "$file"

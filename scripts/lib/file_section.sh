#!/bin/sh
# Runs an end-to-end test file in a lane, which has a manager VM of its own.
# With $CONTRACTOR_TEST_MINUTES none is begun later: it counts as not run.
# Usage: file_section.sh ROOT FILE; $LANE is the number of the lane
set -eu

root=$1
file=$2
. "$root/scripts/lib/progress.sh"
. "$root/scripts/lib/deno.sh"
. "$root/scripts/lib/sections.sh"

is_time_up() {
    [ -n "${CONTRACTOR_TEST_MINUTES-}" ] &&
        [ $(($(date +%s) - progress_started)) -ge $((CONTRACTOR_TEST_MINUTES * 60)) ]
}

if is_time_up; then
    say "$file: NOT RUN, $CONTRACTOR_TEST_MINUTES minutes are over"
    printf 'left\t0\t0\t%s\t%s\n' "$file" "$file" >>"$results_folder/records"
    exit
fi
cd "$root"
CONTRACTOR_TEST_STATE=$root/.cache/test-state-$LANE
export CONTRACTOR_TEST_STATE
say "$file ..."
whole record file "$file" deno_test "$file"

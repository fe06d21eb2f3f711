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
. "$root/scripts/lib/lanes.sh"

if is_too_late "$file"; then
    say "$file: NOT RUN, it might not end within $CONTRACTOR_TEST_MINUTES minutes"
    write_record left 0 0 "$file" "$file"
    exit
fi
cd "$root"
CONTRACTOR_TEST_STATE=$root/.cache/test-state-$LANE
export CONTRACTOR_TEST_STATE
say "$file ..."
whole record file "$file" deno_test "$file"

#!/bin/sh
# Runs an end-to-end test file in a lane, which has a manager VM of its own.
# Usage: file_section.sh ROOT FILE; $LANE is the number of the lane
set -eu

root=$1
file=$2
. "$root/scripts/lib/progress.sh"
. "$root/scripts/lib/deno.sh"
. "$root/scripts/lib/sections.sh"

cd "$root"
CONTRACTOR_TEST_STATE=$root/.cache/test-state-$LANE
export CONTRACTOR_TEST_STATE
say "$file ..."
whole record file "$file" deno_test "$file"

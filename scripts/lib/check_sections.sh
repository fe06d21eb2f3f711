#!/bin/sh
# The sections of a test run that need no virtual machine.
# Usage: check_sections.sh ROOT
set -eu

root=$1
. "$root/scripts/lib/progress.sh"
. "$root/scripts/lib/deno.sh"
. "$root/scripts/lib/sections.sh"

cd "$root"
section "Formatting" "$deno" fmt --check
section "Lint" "$deno" lint
section "Documentation of the module" "$deno" doc --quiet --lint mod.ts
section "Types" "$deno" check --quiet --frozen
# shellcheck disable=SC2046 # names without spaces
section "Unit tests" deno_test --quiet --parallel \
    $(find src manager subplot images scripts fuzz -name '*_test.ts' \
        ! -name '*acceptance_test.ts' | sort)
section "Fuzzing" scripts/fuzz 60

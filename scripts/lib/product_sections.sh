#!/bin/sh
# The sections of a test run that make what the end-to-end tests run.
# Usage: product_sections.sh ROOT
set -eu

root=$1
. "$root/scripts/lib/progress.sh"
. "$root/scripts/lib/deno.sh"
. "$root/scripts/lib/sections.sh"

section "Images" "$root/scripts/build-images"
section "Compiled binary" "$root/scripts/compile"

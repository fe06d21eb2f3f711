# Sections of a test run, and test files: each is timed and recorded, and its
# output is printed whole at its end. Sourced after progress.sh and deno.sh;
# needs $root.

results_folder=$root/.cache/test-results

start_sections() {
    rm -rf "$results_folder"
    mkdir -p "$results_folder"
}

# Usage: write_record KIND STATUS SECONDS NAME TITLE
write_record() {
    printf '%s\t%s\t%s\t%s\t%s\n' "$@" >>"$results_folder/records"
}

# Runs a command and records how it ended, and how long it took, in a line for
# print_results.ts. A command that runs Deno's tests writes to $results.xml.
# Usage: record section|files|file TITLE COMMAND...
record() {
    kind=$1
    title=$2
    shift 2
    name=$(printf '%s' "$title" | tr -c '[:alnum:]' _)
    results=$results_folder/$name
    started=$(date +%s)
    status=0
    printf '\n=== %s\n' "$title"
    "$@" </dev/null || status=$?
    seconds=$(($(date +%s) - started))
    write_record "$kind" "$status" "$seconds" "$name" "$title"
    [ "$status" -eq 0 ] && outcome=ok || outcome=FAILED
    printf '=== %s: %s in %d s\n' "$title" "$outcome" "$seconds"
    return "$status"
}

# Runs a command and prints all that it said at its end: others run beside it.
whole() {
    output=$(mktemp "$results_folder/output.XXXXXX")
    whole_status=0
    "$@" >"$output" 2>&1 || whole_status=$?
    {
        flock 9
        cat "$output"
    } 9>"$results_folder/lock"
    rm "$output"
    return "$whole_status"
}

# Runs a command as a section. The run goes on after a failure, which counts.
# Usage: section TITLE COMMAND...
section() {
    say "$1 ..."
    whole record section "$@" || :
}

# Runs tests of a section. They may do anything, such as fill a disk that
# /dev/full stands for; what the program may do is up to scripts/contractor and
# to the isolates. Types are checked in a section of their own.
# Usage: deno_test [OPTIONS] PATHS
deno_test() {
    "$deno" test --no-check --cached-only --frozen --no-prompt \
        --allow-all --junit-path="$results.xml" "$@"
}

# Prints how long everything took, and the closing line; fails if anything did.
finish_sections() {
    "$deno" run --quiet --no-prompt --config "$root/deno.json" \
        --allow-read="$results_folder" \
        "$root/scripts/lib/print_results.ts" "$results_folder"
}

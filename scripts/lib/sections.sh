# Sections of a test run: each is timed and counted. Sourced after progress.sh.
# Needs $root; $sections_folder receives each section's results.

sections_folder=$root/.cache/test-results
sections_failed=0
sections=0

start_sections() {
    rm -rf "$sections_folder"
    mkdir -p "$sections_folder"
}

# Runs a command as a section. It goes on after a failure, which is counted.
# A command that runs Deno's tests writes its results to $results.xml, or to
# several files that begin with $results.
# Usage: section TITLE COMMAND...
section() {
    title=$1
    shift
    sections=$((sections + 1))
    results=$sections_folder/$sections
    section_started=$(date +%s)
    printf '\n=== %s\n' "$title"
    status=0
    "$@" </dev/null || status=$?
    if [ "$status" -ne 0 ] && [ "$(count failed "$results".*xml)" -eq 0 ]; then
        sections_failed=$((sections_failed + 1))
    fi
    [ "$status" -eq 0 ] && outcome=ok || outcome=FAILED
    printf '=== %s: %s in %d s\n' "$title" "$outcome" \
        "$(($(date +%s) - section_started))"
    return 0
}

# Sums up a JUnit file: tests that passed, or that failed.
# Usage: count_in FILE passed|failed
count_in() {
    [ -f "$1" ] || { echo 0; return; }
    awk -v what="$2" '
        function attribute(name) {
            if (!match($0, " " name "=\"[0-9]+\"")) return 0
            return substr($0, RSTART + length(name) + 3) + 0
        }
        /<testsuite / {
            failed = attribute("failures") + attribute("errors")
            skipped = attribute("disabled") + attribute("skipped")
            sum += what == "failed" ? failed : attribute("tests") - failed - skipped
        }
        END { print sum + 0 }' "$1"
}

# Sums up several JUnit files.
# Usage: count passed|failed FILE...
count() {
    what=$1
    shift
    sum=0
    for file; do sum=$((sum + $(count_in "$file" "$what"))); done
    echo "$sum"
}

# Prints the closing line; fails if anything did. A section that failed without
# a failing test counts as one.
finish_sections() {
    passed=$(count passed "$sections_folder"/*.xml)
    failed=$(($(count failed "$sections_folder"/*.xml) + sections_failed))
    printf '\n%d passed, %d failed\n' "$passed" "$failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

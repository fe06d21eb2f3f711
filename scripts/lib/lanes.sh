# End-to-end test files in lanes. Sourced after sections.sh; needs $root.

# What files take: an estimate, and what they took here.
usual_seconds=$root/scripts/lib/usual_seconds
latest_seconds=$root/.cache/test-seconds

# Runs the files, two at a time, each lane with a manager VM of its own: an
# emulated one has a single processor.
run_files_in_lanes() {
    lanes=$(nproc)
    [ "$lanes" -le 2 ] || lanes=2
    list_files | xargs -P "$lanes" -n 1 --process-slot-var=LANE \
        "$root/scripts/lib/file_section.sh" "$root"
}

# The longest come first, so that the lanes end together; new ones before all.
# Where time is limited any may be left, not always the same ones.
list_files() {
    [ -f "$latest_seconds" ] || : >"$latest_seconds"
    {
        find tests -name '*_test.ts' ! -path 'tests/kvm/*'
        find subplot -name '*acceptance_test.ts'
    } | awk -v limited="${CONTRACTOR_TEST_MINUTES:+yes}" '
        BEGIN { srand() }
        FILENAME != "-" { seconds[$2] = $1; next }
        {
            key = $1 in seconds ? seconds[$1] : 9999
            print (limited ? rand() : key), $1
        }
    ' "$usual_seconds" "$latest_seconds" - | sort -k 1,1nr -k 2 | cut -d ' ' -f 2
}

# Whether a file might end after the time that a run is given: on a slow
# machine it takes three times as long as usual. Usage: is_too_late FILE
is_too_late() {
    [ -n "${CONTRACTOR_TEST_MINUTES-}" ] || return 1
    usual=$(awk -v file="$1" '$2 == file { print $1 }' "$usual_seconds")
    end=$(($(date +%s) - progress_started + 3 * ${usual:-300}))
    [ "$end" -gt $((CONTRACTOR_TEST_MINUTES * 60)) ]
}

# Keeps the times of the files that passed, for the next run.
keep_seconds() {
    {
        cat "$latest_seconds"
        awk -F '\t' '$1 == "file" && $2 == 0 { print $3, $5 }' \
            "$results_folder/records"
    } | awk '{ seconds[$2] = $1 } END { for (file in seconds) print seconds[file], file }' |
        sort -rn >"$latest_seconds.new"
    mv "$latest_seconds.new" "$latest_seconds"
}

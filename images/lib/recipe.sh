# Skips the work whose inputs have not changed. Sourced; needs $cache.

# Prints the digest of the contents and names of files and folders.
# Usage: recipe_digest PATH...
recipe_digest() {
    for input in "$@"; do
        find "$input" \( -type f -o -type l \) | LC_ALL=C sort | while read -r file; do
            printf '%s %s\n' "${file#"$root"/}" "$(sha256sum <"$file")"
        done
    done | sha256sum | cut -d ' ' -f 1
}

# Succeeds if all OUTPUTs are there and were made from this digest.
# Usage: is_fresh NAME DIGEST OUTPUT...
is_fresh() {
    [ "$(cat "$cache/stamps/$1" 2>/dev/null)" = "$2" ] || return 1
    shift 2
    for made in "$@"; do
        [ -e "$made" ] || return 1
    done
}

# Usage: mark_fresh NAME DIGEST
mark_fresh() {
    mkdir -p "$cache/stamps"
    printf '%s\n' "$2" >"$cache/stamps/$1"
}

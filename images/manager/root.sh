# The manager's root disk: Debian packages and Deno. Also sets aside the kernel,
# its modules and busybox for the small images. Sourced; needs $here, $output
# and $kernel.

base_digest() {
    {
        recipe_digest "$here/packages" "$here/path-excludes" "$here/root.sh" \
            "$root/images/lib/debian_root.sh"
        echo "deno $deno_version"
        apt_sources
    } | sha256sum | cut -d ' ' -f 1
}

path_exclude_options() {
    grep -v '^#' "$here/path-excludes" | sed 's/^/--dpkgopt=path-exclude=/'
}

build_base() {
    say "manager: installing Debian packages (1-2 minutes)"
    mkdir -p "$output" "$kernel"
    rm -rf "$kernel" "$cache/parts/manager.tar"
    mkdir -p "$kernel"
    # shellcheck disable=SC2046 # one option per line, none with blanks
    quietly "$cache/logs/manager-packages.log" debian_root \
        "$here/packages" "$cache/parts/manager.tar" \
        $(path_exclude_options) \
        --customize-hook="upload $(readlink -f "$deno") /usr/bin/deno" \
        --customize-hook='chmod 755 "$1/usr/bin/deno"' \
        --customize-hook='mkdir "$1/export" && cp "$1"/boot/vmlinuz-* "$1/export/vmlinuz" &&
            cp "$1/usr/bin/busybox" "$1/export/busybox" &&
            cp -r "$1"/usr/lib/modules/* "$1/export/modules"' \
        --customize-hook="sync-out /export $kernel" \
        --customize-hook='rm -rf "$1/export" "$1"/boot/*'
    say "manager: packing the root"
    rm -f "$output/root.squashfs"
    quietly "$cache/logs/manager-squashfs.log" sh -c \
        'sqfstar -comp lz4 -no-progress "$1" <"$2"' sh \
        "$output/root.squashfs" "$cache/parts/manager.tar"
    rm "$cache/parts/manager.tar"
    cp "$kernel/vmlinuz" "$output/vmlinuz"
}

# Makes Debian root file systems, without root where possible. Sourced.

# Usage: debian_root PACKAGES_FILE OUTPUT MMDEBSTRAP_OPTION...
debian_root() {
    debian_root_packages=$(grep -v '^#' "$1" | tr -s '\n' ',' | sed 's/,$//')
    debian_root_output=$2
    shift 2
    debian_root_mode=unshare
    [ "$(id -u)" -ne 0 ] || debian_root_mode=root
    # INITRD=No: the images bring their own, much smaller initramfs.
    apt_sources | TMPDIR=/var/tmp INITRD=No mmdebstrap \
        --mode="$debian_root_mode" \
        --variant=minbase \
        --include="$debian_root_packages" \
        --aptopt='APT::Install-Recommends "false"' \
        --aptopt='Acquire::Languages "none"' \
        --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-exclude=/usr/share/info/*' \
        --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        "$@" \
        "$image_suite" "$debian_root_output" -
}

# Where this machine gets its Debian packages from. Sourced.

image_suite=trixie
mirror_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# Repository addresses of the machine's own Debian sources, one per line.
debian_repositories() {
    apt-get indextargets --format '$(REPO_URI) $(ORIGIN)' \
        'Created-By: Packages' 'Component: main' |
        awk '$2 == "Debian" && !seen[$1]++ { print $1 }'
}

main_mirror() {
    debian_repositories | grep -v security | head -n 1
}

security_mirror() {
    debian_repositories | grep security | head -n 1
}

# Prints apt sources (one-line format) for the suite of the images.
apt_sources() {
    main=$(main_mirror)
    [ -n "$main" ] || die "Cannot find a Debian mirror among apt's sources" \
        "The images come from Debian: add a Debian source, then run 'apt-get update'."
    security=$(security_mirror)
    printf 'deb [signed-by=%s] %s %s main\n' "$mirror_keyring" "$main" "$image_suite"
    if [ -n "$security" ]; then
        printf 'deb [signed-by=%s] %s %s-security main\n' \
            "$mirror_keyring" "$security" "$image_suite"
    fi
}

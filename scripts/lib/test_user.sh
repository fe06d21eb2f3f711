# Runs the tests as an unprivileged user made for them, so that nothing in them
# can lean on root. Sourced after progress.sh; needs $root. Root only.

test_user=contractor-test

# What the user's own run needs of root's environment: certificates, proxies,
# the package registry, and choices of the one who runs the tests.
passed_variables="
    CONTRACTOR_ACCEL CONTRACTOR_TEST_MINUTES LANG TERM progress_started
    SSL_CERT_FILE SSL_CERT_DIR NODE_EXTRA_CA_CERTS
    http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY
"

make_test_user() {
    if ! getent passwd "$test_user" >/dev/null; then
        say "Making the user $test_user, who runs the tests"
        useradd --create-home --shell /bin/sh "$test_user"
    fi
    for file in /etc/subuid /etc/subgid; do
        grep -q "^$test_user:" "$file" && continue
        start=$(awk -F: '{ end = $2 + $3; if (end > max) max = end }
            END { print (max > 100000 ? max : 100000) }' /etc/subuid /etc/subgid)
        case $file in
            */subuid) option=--add-subuids ;;
            *) option=--add-subgids ;;
        esac
        usermod "$option" "$start-$((start + 65535))" "$test_user"
    done
    if getent group kvm >/dev/null; then usermod -aG kvm "$test_user"; fi
    test_home=$(getent passwd "$test_user" | cut -d: -f6)
    test_root=$test_home/contractor
}

list_checkout() {
    if [ -e "$root/.git" ]; then
        git -C "$root" ls-files -z --cached --others --exclude-standard |
            (cd "$root" && xargs -0 sh -c '
                for file; do
                    if [ -e "$file" ] || [ -L "$file" ]; then
                        printf "%s\0" "$file"
                    fi
                done' sh)
    else
        (cd "$root" && find . -path ./.cache -prune -o -path ./dist -prune \
            -o -type f -print0 -o -type l -print0)
    fi
}

# A copy of the working tree; what the user's earlier runs cached stays.
copy_checkout() {
    say "Copying the checkout to $test_root"
    mkdir -p "$test_root"
    find "$test_root" -mindepth 1 -maxdepth 1 ! -name .cache \
        -exec rm -rf {} +
    list_checkout | tar -C "$root" --null --files-from=- -cf - |
        tar -C "$test_root" --no-same-owner -xf -
    chown -R --no-dereference "$test_user:" "$test_root"
}

# A folder that root may have in its home becomes one that the user can read.
copy_compile_deno() {
    [ -n "${CONTRACTOR_COMPILE_DENO-}" ] || return 0
    mkdir -p "$test_root/.cache/compile-deno"
    cp "$CONTRACTOR_COMPILE_DENO/deno" "$CONTRACTOR_COMPILE_DENO/denort" \
        "$test_root/.cache/compile-deno/"
    chown -R "$test_user:" "$test_root/.cache"
}

# Usage: run_as_test_user ARGS-OF-SCRIPTS/TEST
run_as_test_user() {
    make_test_user
    copy_checkout
    copy_compile_deno
    set -- "$test_root/scripts/test" "$@"
    for name in $passed_variables; do
        eval "value=\${$name-}"
        [ -z "$value" ] || set -- "$name=$value" "$@"
    done
    if [ -n "${CONTRACTOR_COMPILE_DENO-}" ]; then
        set -- "CONTRACTOR_COMPILE_DENO=$test_root/.cache/compile-deno" "$@"
    fi
    registry=$(npm config get registry 2>/dev/null)
    say "Running the tests as $test_user in $test_root"
    cd "$test_root"
    exec setpriv --reuid "$test_user" --regid "$test_user" --init-groups \
        --inh-caps=-all --reset-env \
        env HOME="$test_home" "NPM_CONFIG_REGISTRY=$registry" "$@"
}

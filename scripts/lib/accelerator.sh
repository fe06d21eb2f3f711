# Decides between KVM and emulation, unless the user has. Sourced after deno.sh
# and progress.sh; needs $root.

choose_accelerator() {
    if [ -z "${CONTRACTOR_ACCEL-}" ]; then
        CONTRACTOR_ACCEL=$("$deno" run --quiet --cached-only --no-prompt \
            --config "$root/deno.json" --allow-run=qemu-system-x86_64 \
            --allow-env=NODE_V8_COVERAGE \
            "$root/scripts/lib/choose_accelerator.ts")
        if [ "$CONTRACTOR_ACCEL" = tcg ]; then
            say "So the CPU is emulated (CONTRACTOR_ACCEL=tcg): this works, slowly"
        fi
    fi
    export CONTRACTOR_ACCEL
}

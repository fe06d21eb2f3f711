# Switches off what systemd would start and an image does not need. Sourced.

# Usage: mask_units TREE UNITS_FILE GENERATORS_FILE
mask_units() {
    mkdir -p "$1/etc/systemd/system" "$1/etc/systemd/system-generators"
    grep -v '^#' "$2" | while read -r unit; do
        ln -s /dev/null "$1/etc/systemd/system/$unit"
    done
    grep -v '^#' "$3" | while read -r generator; do
        ln -s /dev/null "$1/etc/systemd/system-generators/$generator"
    done
}

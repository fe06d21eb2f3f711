# What every image recipe starts with. Sourced; needs $root.

cache=$root/.cache/images
. "$root/scripts/lib/progress.sh"
. "$root/scripts/lib/deno.sh"
. "$root/images/lib/recipe.sh"
. "$root/images/lib/mirror.sh"
. "$root/images/lib/debian_root.sh"
. "$root/images/lib/initramfs.sh"
. "$root/images/lib/disk.sh"
. "$root/images/lib/units.sh"
mkdir -p "$cache/parts" "$cache/logs"

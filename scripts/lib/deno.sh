# The project's own Deno: version, place and environment. Sourced; needs $root.

deno_version=2.9.6
deno_folder=$root/.cache/deno
deno=$deno_folder/bin/deno

# Everything Deno caches stays inside the checkout.
DENO_DIR=$root/.cache/deno-dir
# The machine's own certificate authorities count, as for every other program.
DENO_TLS_CA_STORE=system
system_certificates=/etc/ssl/certs/ca-certificates.crt
if [ -z "${NODE_EXTRA_CA_CERTS-}" ] && [ -r "$system_certificates" ]; then
    NODE_EXTRA_CA_CERTS=$system_certificates
    export NODE_EXTRA_CA_CERTS
fi
DENO_NO_UPDATE_CHECK=1
NO_COLOR=1
export DENO_DIR DENO_TLS_CA_STORE DENO_NO_UPDATE_CHECK NO_COLOR

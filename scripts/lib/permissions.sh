# What the contractor command may do, from source and compiled. Sourced.
#
# Read, write and net are broad because its isolates get parts of them; the
# command gives up its own once they have started.

permissions="
    --no-prompt
    --allow-read
    --allow-write
    --allow-net
    --allow-run=qemu-system-x86_64
    --allow-sys=networkInterfaces,uid
    --allow-env=ALL_PROXY,CONTRACTOR_ACCEL,CONTRACTOR_MANAGER_IMAGE,FORCE_COLOR,HOME,HTTPS_PROXY,HTTP_PROXY,LOG_STREAM,LOG_TOKENS,NODE_V8_COVERAGE,NO_COLOR,NO_PROXY,TERM,XDG_CONFIG_HOME,XDG_RUNTIME_DIR,XDG_STATE_HOME,all_proxy,http_proxy,https_proxy,no_proxy
"

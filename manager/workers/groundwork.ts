/**
 * What a worker's steps need to know and to find, in shell for GNU and busybox
 * userlands alike. Programs are slow to start: a worker that is to be cloned
 * does it once.
 *
 * @module
 */

/** Where the workspace is in the worker; the sources are in its `src`. */
export const WORKSPACE = "/workspace";

/** What is known of the userland, and of which boot. */
const FACTS = "/run/contractor-userland";

const BOOT_ID = "/proc/sys/kernel/random/boot_id";

const readBootId = `\
boot=
{ read -r boot <${BOOT_ID}; } 2>/dev/null || :
`;

/**
 * Reads the facts and which boot they and the system are of, and starts no
 * program for it. Where `/run` is on the disk, they may be of another system.
 */
const readFacts = `\
${readBootId}\
facts_boot=
[ ! -r ${FACTS} ] || . ${FACTS}
`;

const areFactsOfBoot = `[ -n "$boot" ] && [ "$facts_boot" = "$boot" ]`;

const writeFacts = `\
${readBootId}\
{
  printf 'facts_boot=%s\\ngnu_tar=%s\\nsetpriv=%s\\n' \\
    "$boot" "$gnu_tar" "$setpriv" >${FACTS}
} 2>/dev/null || :
`;

/**
 * Tells GNU tar from busybox's, and a setpriv that changes the user from
 * busybox's, which cannot: sets \`gnu_tar\` and \`setpriv\`.
 */
const tellUserland = `\
case $(tar --version 2>/dev/null) in
  *"GNU tar"*) gnu_tar=yes ;;
  *) gnu_tar=no ;;
esac
setpriv=no
! setpriv --reuid worker --regid worker --init-groups true 2>/dev/null ||
  setpriv=yes
`;

/** Makes the workspace, and keeps what {@linkcode recallUserland} recalls. */
export const layGroundwork = `\
mkdir -p ${WORKSPACE}/src
chown worker ${WORKSPACE} ${WORKSPACE}/src
${tellUserland}\
${writeFacts}`;

/** Has the groundwork laid, unless it was, and its variables set. */
export const requireGroundwork = `\
${readFacts}\
if ! { ${areFactsOfBoot}; }; then
${layGroundwork}\
fi
`;

/** Sets the variables of the groundwork, without a touch to the workspace. */
export const recallUserland = `\
${readFacts}\
if ! { ${areFactsOfBoot}; }; then
${tellUserland}\
fi
`;

/** Keeps the facts through a script that gives this boot another id. */
export function keepFactsThrough(script: string): string {
  return `\
${readFacts}\
${script}\
if ${areFactsOfBoot}; then
${writeFacts}\
fi
`;
}

/** Defines \`as_worker\`, which runs a command as user worker. */
export const asWorker = `\
as_worker() {
  if [ "$setpriv" = yes ]; then
    setpriv --reuid worker --regid worker --init-groups "$@"
  else
    su -s /bin/sh -c 'exec "$@"' worker -- sh "$@"
  fi
}
`;

/**
 * What a worker's steps need to know and to find, in shell for GNU and busybox
 * userlands alike. Programs are slow to start: a worker that is to be cloned
 * does it once.
 *
 * @module
 */

/** Where the workspace is in the worker; the sources are in its `src`. */
export const WORKSPACE = "/workspace";

/** Gone with the worker's boot, so that no later system is taken for this. */
const FACTS = "/run/contractor-userland";

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
{
  printf 'gnu_tar=%s\\nsetpriv=%s\\n' "$gnu_tar" "$setpriv" >${FACTS}
} 2>/dev/null || :
`;

/** Has the groundwork laid, unless it was, and its variables set. */
export const requireGroundwork = `\
if [ -r ${FACTS} ]; then
  . ${FACTS}
else
${layGroundwork}\
fi
`;

/** Sets the variables of the groundwork, without a touch to the workspace. */
export const recallUserland = `\
if [ -r ${FACTS} ]; then
  . ${FACTS}
else
${tellUserland}\
fi
`;

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

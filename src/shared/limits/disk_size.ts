/**
 * Size of the largest disk that a worker image may claim and a build may write,
 * in bytes. No build uses more; every part of the program can count it, and
 * every usual file system holds it.
 */
export const MAX_DISK_BYTES = 4 * 1024 ** 4;

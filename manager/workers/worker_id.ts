/** Names a worker; its first digits decide on its user. */
export function newWorkerId(): string {
  return crypto.randomUUID().slice(0, 13);
}

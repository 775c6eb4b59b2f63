/** Headers that carry a verified identity between services begin with this. */
export const identityHeaderPrefix = "x-auth-";

/** Removes every header that a handler could take for a verified identity: what a client sent is no proof. */
export function stripIdentityHeaders(header: Headers, trusted: readonly string[]): void {
  for (const name of [...header.keys()]) {
    if (name.startsWith(identityHeaderPrefix)) header.delete(name);
  }
  for (const name of trusted) header.delete(name);
}

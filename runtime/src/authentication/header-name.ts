/** Headers that say something else, and that are removed before a handler sees them if they carry an identity. */
const taken = /^(?:authorization|connection|content-.*|cookie|host|te|transfer-encoding|grpc-.*|connect-.*)$/;

/**
 * A header name in lower case.
 *
 * @throws TypeError for what is not a name (RFC 9110 section 5.1), or one that the protocols use for something else.
 */
export function headerName(name: unknown, option: string): string {
  if (typeof name !== "string" || !/^[\w!#$%&'*+\-.^`|~]+$/.test(name)) {
    throw new TypeError(`${option}: expected the name of a header, got ${JSON.stringify(name)}`);
  }
  const lower = name.toLowerCase();
  if (taken.test(lower)) throw new TypeError(`${option}: ${lower} is a header with a meaning of its own`);
  return lower;
}

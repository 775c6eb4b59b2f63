/**
 * Headers with a meaning of their own. Node drops all but the first of some of them in silence, such as `from` and
 * `user-agent`, so nobody could tell that one was sent twice.
 */
const taken =
  /^(?:age|authorization|connection|content-.*|cookie|etag|expires|from|host|if-.*|last-modified|location|max-forwards|referer|retry-after|server|set-cookie|te|transfer-encoding|user-agent|grpc-.*|connect-.*)$/;

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

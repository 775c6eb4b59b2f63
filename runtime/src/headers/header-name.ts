/** Headers with a standard meaning. Node drops repeated ones in silence, such as `from`, so repetition would go unnoticed. */
const standard =
  /^(?:age|authorization|connection|content-.*|cookie|etag|expires|from|host|if-.*|last-modified|location|max-forwards|referer|retry-after|server|set-cookie|te|transfer-encoding|user-agent|grpc-.*|connect-.*)$/;

/**
 * Returns a header name in lower case.
 *
 * @throws TypeError for an invalid name (RFC 9110 section 5.1), and for a header with a standard meaning.
 */
export function headerName(name: unknown, option: string): string {
  if (typeof name !== "string" || !/^[\w!#$%&'*+\-.^`|~]+$/.test(name)) {
    throw new TypeError(`${option}: expected the name of a header, got ${JSON.stringify(name)}`);
  }
  const lower = name.toLowerCase();
  if (standard.test(lower)) throw new TypeError(`${option}: ${lower} is a header with a meaning of its own`);
  return lower;
}

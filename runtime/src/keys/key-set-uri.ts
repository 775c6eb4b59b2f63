/**
 * Parses the address of a key set.
 *
 * @throws TypeError if it is not a URL, has a password, or is not secure against forged keys. The message hides password
 * and query.
 */
export function parseKeySetUri(uri: string | URL, allowInsecureHttp: boolean): URL {
  let url: URL;
  try {
    url = new URL(uri);
  } catch (cause) {
    // The cause contains the whole text, secrets included.
    const shown = hideSecrets(uri);
    throw new TypeError(`jwksUri: not a URL: ${JSON.stringify(shown)}`, shown === uri ? { cause } : {});
  }
  const { protocol, hostname, host, username, password } = url;
  if (username !== "" || password !== "") {
    throw new TypeError(
      `jwksUri: ${protocol}//${host} has a user name or password, and fetch rejects those; remove them`,
    );
  }
  if (protocol !== "https:" && !(protocol === "http:" && (allowInsecureHttp || isLoopback(hostname)))) {
    throw new TypeError(
      `jwksUri: ${protocol}//${host} is not secure: use https:, or set allowInsecureHttp inside a trusted network`,
    );
  }
  // The fragment is never sent, so it must not distinguish key sets.
  url.hash = "";
  return url;
}

/** Removes everything before an "@" and after a "?". */
function hideSecrets(uri: unknown): unknown {
  return typeof uri === "string" ? uri.replace(/^.*@/s, "...@").replace(/[?#].*$/s, "?...") : uri;
}

/** @param hostname - of a parsed URL, where an IPv4 address has four decimal numbers. */
function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

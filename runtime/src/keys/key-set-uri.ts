import { isIP } from "node:net";

/**
 * @throws TypeError for what is not a URL, for one over which somebody else could give us keys, and for one with a password.
 * It shows neither a password nor a query.
 */
export function parseKeySetUri(uri: string | URL, allowInsecureHttp: boolean): URL {
  let url: URL;
  try {
    url = new URL(uri);
  } catch (cause) {
    // The cause holds the whole text.
    const shown = hideSecrets(uri);
    throw new TypeError(`jwksUri: not a URL: ${JSON.stringify(shown)}`, shown === uri ? { cause } : {});
  }
  const { protocol, hostname, host, username, password } = url;
  if (username !== "" || password !== "") {
    throw new TypeError(
      `jwksUri: ${protocol}//${host} is given with a user name or password, which fetch refuses; write it without`,
    );
  }
  if (protocol !== "https:" && !(protocol === "http:" && (allowInsecureHttp || isLoopback(hostname)))) {
    throw new TypeError(
      `jwksUri: ${protocol}//${host} is not secure: use https:, or set allowInsecureHttp inside a trusted network`,
    );
  }
  // No server sees it, and two addresses that differ in it name the same key set.
  url.hash = "";
  return url;
}

/** A text without what stands before an "@" or after a "?". */
function hideSecrets(uri: unknown): unknown {
  return typeof uri === "string" ? uri.replace(/^.*@/s, "...@").replace(/[?#].*$/s, "?...") : uri;
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || (isIP(hostname) === 4 && hostname.startsWith("127."));
}

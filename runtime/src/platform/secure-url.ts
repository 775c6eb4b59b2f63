import { isLoopback } from "./is-loopback.js";

/**
 * Parses the address of a server whose answers are trusted: `https:`, or `http:` on a loopback address.
 *
 * @param option - its name, for messages.
 * @throws TypeError if it is not a URL, has a password, or is not secure against forged answers. The message hides
 * password and query.
 */
export function parseSecureUrl(uri: string | URL, allowInsecureHttp: boolean, option: string): URL {
  let url: URL;
  try {
    url = new URL(uri);
  } catch (cause) {
    // The cause contains the whole text, secrets included.
    const shown = hideSecrets(uri);
    throw new TypeError(`${option}: not a URL: ${JSON.stringify(shown)}`, shown === uri ? { cause } : {});
  }
  const { protocol, hostname, host, username, password } = url;
  if (username !== "" || password !== "") {
    throw new TypeError(
      `${option}: ${protocol}//${host} has a user name or password, and fetch rejects those; remove them`,
    );
  }
  if (protocol !== "https:" && !(protocol === "http:" && (allowInsecureHttp || isLoopback(hostname)))) {
    throw new TypeError(
      `${option}: ${protocol}//${host} is not secure: use https:, or set allowInsecureHttp inside a trusted network`,
    );
  }
  // The fragment is never sent, so it must not distinguish servers.
  url.hash = "";
  return url;
}

/** Removes everything before an "@" and after a "?". */
function hideSecrets(uri: unknown): unknown {
  return typeof uri === "string" ? uri.replace(/^.*@/s, "...@").replace(/[?#].*$/s, "?...") : uri;
}

import { isIP } from "node:net";

/** @throws TypeError for what is not a URL, or one over which somebody else could give us keys. */
export function parseKeySetUri(uri: string | URL, allowInsecureHttp: boolean): URL {
  let url: URL;
  try {
    url = new URL(uri);
  } catch (cause) {
    throw new TypeError(`jwksUri: not a URL: ${JSON.stringify(uri)}`, { cause });
  }
  const { protocol, hostname, host } = url;
  if (protocol !== "https:" && !(protocol === "http:" && (allowInsecureHttp || isLoopback(hostname)))) {
    throw new TypeError(
      `jwksUri: ${protocol}//${host} is not secure: use https:, or set allowInsecureHttp inside a trusted network`,
    );
  }
  return url;
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || (isIP(hostname) === 4 && hostname.startsWith("127."));
}

/** The origin of a relative URL outside browsers. */
const ownOrigin = "http://own-origin.invalid";

/**
 * Compiles a list of origins to a function that tells whether calls to a URL may carry the token.
 *
 * A relative URL has the origin of the page, or of the worker's script. Outside browsers it names no other origin, and is
 * allowed.
 *
 * @throws TypeError unless `origins` is a list of origins.
 */
export function compileAllowedOrigins(origins: readonly string[]): (url: string) => boolean {
  if (!Array.isArray(origins) || origins.length === 0) {
    throw new TypeError("allowedOrigins: expected a list of origins");
  }
  for (const origin of origins) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new TypeError(
        `allowedOrigins: ${JSON.stringify(origin)} is not an origin such as "https://api.example.com"`,
      );
    }
  }
  const allowed = new Set(origins);
  return (url) => {
    const page: unknown = (globalThis as { readonly location?: { readonly origin?: unknown } }).location?.origin;
    const base = typeof page === "string" && URL.canParse(page) ? page : ownOrigin;
    const { origin } = new URL(url, base);
    return allowed.has(origin) || origin === ownOrigin;
  };
}

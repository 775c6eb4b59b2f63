/** Stands for the origin of a relative URL where nothing says what it is relative to. */
const ownOrigin = "http://own-origin.invalid";

/**
 * Whether calls to a URL may carry the token.
 *
 * A relative URL has the origin of the page, or of the worker's script. Outside browsers nothing says what it is relative to:
 * it names no other origin, and is allowed.
 *
 * @throws TypeError for what is not a list of origins.
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

import { isIP } from "node:net";
import { Code, ConnectError } from "@connectrpc/connect";
import { type CryptoKey, createLocalJWKSet, errors, type JSONWebKeySet, type JWSHeaderParameters } from "jose";

/** How a remote key set is kept. All times in milliseconds. */
export interface RemoteKeySetOptions {
  /** Age at which the key set is fetched again. By default, 600000: ten minutes. */
  readonly maxAge?: number;
  /** How long the last good key set is used while its endpoint fails. By default, 86400000: a day. */
  readonly maxStale?: number;
  /** Shortest time between two fetches, whether the first succeeded or not. By default, 30000. */
  readonly cooldown?: number;
  /** How long a fetch may take. By default, 5000. */
  readonly timeout?: number;
}

export interface RemoteKeySet {
  /** @throws ConnectError with code `unavailable` where the key cannot be known now; a jose error where there is none. */
  getKey(header: JWSHeaderParameters): Promise<CryptoKey>;
  /** Counts the changes of the key set's content. */
  readonly generation: number;
}

/**
 * A key set that survives an outage of its endpoint: the last good one is used
 * while fetches fail, and the endpoint is asked at most once per cool-down, by one request for all who wait.
 *
 * @throws TypeError for an address that is not secure, or an option that is not a positive number.
 */
export function createRemoteKeySet(
  uri: string | URL,
  allowInsecureHttp: boolean,
  options: RemoteKeySetOptions = {},
): RemoteKeySet {
  const url = parseUri(uri, allowInsecureHttp);
  const { maxAge = 600_000, maxStale = 86_400_000, cooldown = 30_000, timeout = 5_000 } = options;
  for (const [name, value] of Object.entries({ maxAge, maxStale, cooldown, timeout })) {
    if (!(Number.isFinite(value) && value > 0))
      throw new TypeError(`jwks.${name}: expected milliseconds above 0, got ${value}`);
  }

  let keys: { find: ReturnType<typeof createLocalJWKSet>; content: string; fetchedAt: number } | undefined;
  let generation = 0;
  let lastAttempt: { at: number; failure: unknown } | undefined;
  let pending: Promise<void> | undefined;

  async function fetchKeys(): Promise<void> {
    try {
      const response = await fetch(url, {
        headers: { accept: "application/json" },
        redirect: "error",
        signal: AbortSignal.timeout(timeout),
      });
      if (!response.ok) throw new Error(`HTTP status ${response.status}`);
      const set = (await response.json()) as JSONWebKeySet;
      const find = createLocalJWKSet(set);
      const content = JSON.stringify(set.keys.map((key) => JSON.stringify(key)).sort());
      if (content !== keys?.content) generation++;
      keys = { find, content, fetchedAt: Date.now() };
      lastAttempt = { at: Date.now(), failure: undefined };
    } catch (failure) {
      lastAttempt = { at: Date.now(), failure };
    }
  }

  /** Fetches once for all who wait, unless the last attempt is too recent. */
  async function refresh(): Promise<void> {
    if (lastAttempt !== undefined && Date.now() - lastAttempt.at < cooldown) return;
    pending ??= fetchKeys().finally(() => {
      pending = undefined;
    });
    await pending;
  }

  function unavailable(): ConnectError {
    return new ConnectError("key set unavailable", Code.Unavailable, undefined, undefined, lastAttempt?.failure);
  }

  return {
    get generation() {
      return generation;
    },
    async getKey(header) {
      if (keys === undefined || Date.now() - keys.fetchedAt >= maxAge) await refresh();
      if (keys === undefined || Date.now() - keys.fetchedAt >= maxAge + maxStale) throw unavailable();
      try {
        return await keys.find(header);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      }
      // A key that is not known: rotated in, or made up.
      await refresh();
      try {
        return await keys.find(header);
      } catch (error) {
        const unsure = error instanceof errors.JWKSNoMatchingKey && lastAttempt?.failure !== undefined;
        throw unsure ? unavailable() : error;
      }
    },
  };
}

function parseUri(uri: string | URL, allowInsecureHttp: boolean): URL {
  let url: URL;
  try {
    url = new URL(uri);
  } catch (cause) {
    throw new TypeError(`jwksUri: not a URL: ${JSON.stringify(uri)}`, { cause });
  }
  const secure =
    url.protocol === "https:" || (url.protocol === "http:" && (allowInsecureHttp || isLoopback(url.hostname)));
  if (!secure) {
    throw new TypeError(
      `jwksUri: ${url.protocol}//${url.host} is not secure: use https:, or set allowInsecureHttp inside a trusted network`,
    );
  }
  return url;
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || (isIP(hostname) === 4 && hostname.startsWith("127."));
}

import { type AuthorizationServer, discoveryRequest, processDiscoveryResponse } from "oauth4webapi";
import { monotonicTime } from "../platform/clock.js";
import { parseSecureUrl } from "../platform/secure-url.js";
import { statusOf } from "./endpoint-failure.js";
import { UnusableResponseError } from "./fetch-json.js";

/** Longest use of metadata without fetching it again, in milliseconds. The last good one is kept while that fails. */
const maxAge = 3_600_000;

type DiscoveryOptions = NonNullable<Parameters<typeof discoveryRequest>[1]>;

/**
 * Returns a function that finds the metadata of an issuer: by OpenID Connect Discovery, else by RFC 8414. Concurrent calls share
 * one request.
 *
 * @throws an error if there is none, of another issuer, or without a secure introspection endpoint.
 */
export function createServerMetadata(
  issuer: URL,
  allowInsecureHttp: boolean,
  http: DiscoveryOptions,
): () => Promise<AuthorizationServer> {
  let known: { readonly server: AuthorizationServer; readonly since: number } | undefined;
  let finding: Promise<AuthorizationServer> | undefined;

  async function find(): Promise<AuthorizationServer> {
    try {
      const server = await discover("oidc").catch((error) => {
        const mayBeElsewhere =
          error instanceof UnusableResponseError || (statusOf(error) >= 400 && statusOf(error) < 500);
        if (!mayBeElsewhere) throw error;
        return discover("oauth2").catch(() => Promise.reject(error));
      });
      known = { server, since: monotonicTime() };
      return server;
    } catch (error) {
      if (known === undefined) throw error;
      known = { ...known, since: monotonicTime() };
      return known.server;
    }
  }

  async function discover(algorithm: "oidc" | "oauth2"): Promise<AuthorizationServer> {
    const server = await processDiscoveryResponse(issuer, await discoveryRequest(issuer, { ...http, algorithm })).catch(
      ({ code }) => {
        throw new UnusableResponseError(`not the metadata of the issuer (${code})`);
      },
    );
    const endpoint = Object.hasOwn(server, "introspection_endpoint") ? server.introspection_endpoint : undefined;
    if (typeof endpoint !== "string") throw new UnusableResponseError("its metadata names no introspection_endpoint");
    try {
      parseSecureUrl(endpoint, allowInsecureHttp, "introspection_endpoint");
    } catch {
      throw new UnusableResponseError("its metadata names an introspection_endpoint that is not secure");
    }
    return server;
  }

  return async () => {
    if (known !== undefined && monotonicTime() - known.since < maxAge) return known.server;
    finding ??= find().finally(() => {
      finding = undefined;
    });
    return finding;
  };
}

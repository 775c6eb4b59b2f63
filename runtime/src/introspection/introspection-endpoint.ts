import { Code, ConnectError } from "@connectrpc/connect";
import {
  type AuthorizationServer,
  allowInsecureRequests,
  type Client,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  customFetch,
  introspectionRequest,
  PrivateKeyJwt,
  processIntrospectionResponse,
} from "oauth4webapi";
import { createBoundedWarning } from "../keys/bounded-warning.js";
import { CircuitBreaker } from "../platform/circuit-breaker.js";
import { parseSecureUrl } from "../platform/secure-url.js";
import type { TokenClaims } from "./check-claims.js";
import { adviceFor, isOfEndpoint } from "./endpoint-failure.js";
import { fetchJson, UnsupportedTokenError, UnusableResponseError } from "./fetch-json.js";
import type { ReadIntrospectionOptions } from "./introspection-options.js";
import { createServerMetadata } from "./server-metadata.js";

/** The endpoint of an issuer that describes tokens (RFC 7662). */
export interface IntrospectionEndpoint {
  /** Equal for equal endpoints. */
  readonly name: string;
  /**
   * Returns the description of a token, with the member `active`.
   *
   * @throws UnsupportedTokenError for a token of another kind than the endpoint's.
   * @throws ConnectError with code `unavailable` if the endpoint does not describe it now.
   */
  describe(token: string): Promise<TokenClaims>;
  /** Finds the endpoint. @throws ConnectError with code `unavailable`. */
  warmUp(): Promise<void>;
}

/** @throws TypeError for an address that is no URL, or is not secure. */
export function createIntrospectionEndpoint(options: ReadIntrospectionOptions): IntrospectionEndpoint {
  const { issuer, endpoint, allowInsecureHttp, timeout, maxBytes, cooldown } = options;
  const url = endpoint === undefined ? undefined : parseSecureUrl(endpoint, allowInsecureHttp, "endpoint");
  const issuerUrl = issuer === undefined ? undefined : parseSecureUrl(issuer, allowInsecureHttp, "issuer");
  const name = (url ?? issuerUrl ?? "").toString();
  const place = name.replace(/[?#].*/s, "");
  const warn = createBoundedWarning();
  const breaker = new CircuitBreaker(cooldown);
  const http = {
    // The addresses are checked here, with an exception for loopback.
    [allowInsecureRequests]: true,
    [customFetch]: (address: string, init: object) => fetchJson(address, init, { timeout, maxBytes }),
  };
  const client: Client = { client_id: options.clientId as string };
  const authentication = clientAuthentication(options);

  const findServer =
    url === undefined
      ? createServerMetadata(issuerUrl as URL, allowInsecureHttp, http)
      : async (): Promise<AuthorizationServer> => ({ issuer: issuer ?? url.origin, introspection_endpoint: url.href });

  function fail(error: unknown): never {
    if (error instanceof ConnectError || error instanceof UnsupportedTokenError) throw error;
    const advice = adviceFor(error);
    if (advice !== undefined) warn(`${options.name}: the endpoint ${place} ${advice}`);
    throw unavailable(error);
  }

  function unavailable(cause: unknown): ConnectError {
    const text = `token introspection unavailable: ${place}`;
    return new ConnectError(text, Code.Unavailable, undefined, undefined, cause);
  }

  async function describe(token: string): Promise<TokenClaims> {
    const server = await findServer();
    const settings = { ...http, additionalParameters: { token_type_hint: "access_token" } };
    const response = await introspectionRequest(server, client, authentication, token, settings);
    const claims = await processIntrospectionResponse(server, client, response).catch(({ code }) => {
      // Its cause holds the response.
      throw new UnusableResponseError(`not a description of a token (${code})`);
    });
    // A polluted prototype could supply it.
    if (!Object.hasOwn(claims, "active")) throw new UnusableResponseError("no member active");
    return claims;
  }

  return {
    name,
    describe: (token) => breaker.run(() => describe(token), isOfEndpoint, unavailable).catch(fail),
    warmUp: () => findServer().then(() => undefined, fail),
  };
}

function clientAuthentication(options: ReadIntrospectionOptions): ClientAuth {
  const { privateKey: key, keyId: kid, clientSecret = "" } = options;
  if (key !== undefined) return PrivateKeyJwt(kid === undefined ? key : { key, kid });
  const send = options.clientAuthentication === "client_secret_post" ? ClientSecretPost : ClientSecretBasic;
  return send(clientSecret);
}

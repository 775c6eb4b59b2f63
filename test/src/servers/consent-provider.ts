import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";
import { startHttpServer } from "./http-server.js";

/** A certified authorization server: its users sign in, and let a client have scopes, on pages. */
export interface ConsentProvider {
  readonly issuer: string;
  stop(): Promise<void>;
}

/** A public client: it has no secret, and must prove with PKCE that the code is its own. */
export const publicClient = { client_id: "agent", redirect_uri: "http://127.0.0.1/callback" } as const;

const pages = "/interaction/";

/** @param scope - those of every API, separated by spaces. An API's tokens (RFC 9068) have its address as audience. */
export async function startConsentProvider(scope: string): Promise<ConsentProvider> {
  const server = await startHttpServer((_, response) => response.end());
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const provider = new Provider(server.url, {
    clients: [
      {
        client_id: publicClient.client_id,
        redirect_uris: [publicClient.redirect_uri],
        application_type: "native",
        token_endpoint_auth_method: "none",
        id_token_signed_response_alg: "ES256",
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: "1", alg: "ES256", use: "sig" }] },
    cookies: { keys: ["the key of the cookies"] },
    interactions: { url: (_: unknown, { uid }: { readonly uid: string }) => pages + uid },
    features: {
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_: unknown, resource: string) => ({
          scope,
          audience: resource,
          accessTokenTTL: 300,
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: "ES256" } },
        }),
      },
    },
  });
  const answer = provider.callback();
  server.listener = (request, response) => {
    if (request.url?.startsWith(pages) !== true) return answer(request, response);
    showPage(provider, request, response).catch((error) => response.writeHead(500).end(String(error)));
  };
  return { issuer: server.url, stop: server.stop };
}

/** A page that asks for the fields `user` and `scope`: who signs in, and the scopes that the client may have of those it wants. */
async function showPage(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { prompt, params, session, grantId } = await provider.interactionDetails(request, response);
  if (request.method !== "POST") {
    response.writeHead(200, { "content-type": "text/plain" }).end(`${prompt.name} for ${params.scope}`);
    return;
  }
  const form = new URLSearchParams(await text(request));
  if (prompt.name === "login") {
    return provider.interactionFinished(request, response, { login: { accountId: form.get("user") } });
  }
  const allowed = new Set(form.get("scope")?.split(" "));
  const earlier = grantId === undefined ? undefined : await provider.Grant.find(grantId);
  const grant = earlier ?? new provider.Grant({ accountId: session?.accountId, clientId: params.client_id });
  for (const [resource, wanted] of Object.entries(prompt.details.missingResourceScopes ?? {})) {
    const split = (isAllowed: boolean) => wanted.filter((one) => allowed.has(one) === isAllowed).join(" ");
    grant.addResourceScope(resource, split(true));
    grant.rejectResourceScope(resource, split(false));
  }
  await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
}

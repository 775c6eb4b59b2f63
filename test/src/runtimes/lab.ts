import type { ConnectRouter } from "@connectrpc/connect";
import { type Auth, createAuth, getAuthContext, requireAuthContext, sharedSecretTrust } from "@connectum/auth";
import { jwt } from "@connectum/auth/jwt";
import { AccessServicePolicy, EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { AccessService, EchoService } from "../gen/lab/v1/lab_pb.js";

/** The services that every runtime serves. It uses nothing but the language and fetch. */
export interface RuntimeLab {
  readonly auth: Auth;
  readonly routes: (router: ConnectRouter) => void;
  /** Answers requests beside the services: revocations by the test, and the metadata for OAuth clients. */
  beside(request: Pick<Request, "method" | "url">): Promise<Response>;
}

/** The secret of the services that may call internal methods. */
export const internalSecret = "a-secret-that-only-our-services-know-42";

/** @param jwksUri - the key set of the issuer. */
export function createRuntimeLab(jwksUri: string): RuntimeLab {
  const auth = createAuth({
    policies: [EchoServicePolicy, AccessServicePolicy],
    authenticate: jwt({ jwksUri, issuer: "https://login.example.com", audience: "lab" }),
    internal: sharedSecretTrust({ callers: { billing: internalSecret } }),
    protectedResource: { url: "https://api.example.com", authorizationServers: ["https://login.example.com"] },
  });
  const pause = () => new Promise((resolve) => setTimeout(resolve, 1));
  /** The caller, by the context values and by the async context. */
  const seen = (context: Parameters<typeof requireAuthContext>[0], text: string) => ({
    text,
    subject: requireAuthContext(context).subject,
    current: getAuthContext()?.subject ?? "",
  });
  return {
    auth,
    routes(router) {
      router.service(EchoService, {
        async unary({ text }, context) {
          await pause();
          return seen(context, text);
        },
        async *serverStream({ text }, context) {
          yield seen(context, text);
          // Until the client has enough, or the credential ends.
          while (!context.signal.aborted) {
            await new Promise((resolve) => setTimeout(resolve, 20));
            yield seen(context, text);
          }
        },
        async clientStream(requests, context) {
          const texts: string[] = [];
          for await (const { text } of requests) texts.push(text);
          return seen(context, texts.join(""));
        },
        async *bidiStream(requests, context) {
          for await (const { text } of requests) {
            await pause();
            yield seen(context, text);
          }
        },
        publicUnary: ({ text }) => ({ text, subject: getAuthContext()?.subject ?? "" }),
        internalUnary: ({ text }, context) => seen(context, text),
      });
      router.service(AccessService, { role: ({ text }, context) => seen(context, text) });
    },
    async beside(request) {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname !== "/revoke") return auth.wellKnown(request) ?? new Response(null, { status: 404 });
      await auth.revoke({ subject: searchParams.get("subject") ?? "" });
      return new Response("revoked");
    },
  };
}

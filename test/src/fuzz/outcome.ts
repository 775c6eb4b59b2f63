import { Code, ConnectError, createClient, createRouterTransport, type Interceptor } from "@connectrpc/connect";
import { type AuthContext, authContextKey } from "@connectum/auth";
import { EchoService } from "../gen/lab/v1/lab_pb.js";
import { unaryRoute } from "../support/lab.js";

/** What became of a call: the identity that the handler saw, or the code of the refusal. */
export type Outcome = { readonly context: AuthContext } | { readonly code: Code } | "anonymous";

/** Calls through an interceptor, with exactly these headers. */
export function createCaller(interceptor: Interceptor): (headers: Headers) => Promise<Outcome> {
  let seen: AuthContext | undefined;
  const look: Interceptor = (next) => (request) => {
    seen = request.contextValues.get(authContextKey);
    return next(request);
  };
  const transport = createRouterTransport(unaryRoute, { router: { interceptors: [interceptor, look] } });
  const echo = createClient(EchoService, transport);
  return async (headers) => {
    seen = undefined;
    try {
      await echo.unary({ text: "x" }, { headers });
      return seen === undefined ? "anonymous" : { context: seen };
    } catch (error) {
      return { code: ConnectError.from(error).code };
    }
  };
}

/** The identity, where there is one; otherwise the refusal must have the documented code. */
export function identityOf(outcome: Outcome): AuthContext | undefined {
  if (outcome === "anonymous") throw new Error("the handler was called without an identity");
  if ("context" in outcome) return outcome.context;
  if (outcome.code !== Code.Unauthenticated) throw new Error(`refused with ${Code[outcome.code]}`);
  return undefined;
}

/** Throws where two values differ as JSON, in which the order of members says nothing. */
export function same(what: string, actual: unknown, wanted: unknown): void {
  const [a, b] = [toJson(actual), toJson(wanted)];
  if (a !== b) throw new Error(`${what}: got ${a?.slice(0, 1_000)}, want ${b?.slice(0, 1_000)}`);
}

function toJson(value: unknown): string | undefined {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

import type { DescMethod, DescService } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  type ConnectRouterOptions,
  createConnectRouter,
  createContextValues,
  type HandlerContext,
  type Interceptor,
} from "@connectrpc/connect";
import { isAuthenticationInterceptor } from "../authentication/authentication-interceptor.js";
import { isAuthorized } from "../authorization/is-authorized.js";
import { stateOf } from "../call/call-state.js";
import { authContextKey } from "../context/auth-context.js";
import { anything, list, optional, withDefault } from "../options/check.js";
import { compileMethodPatterns } from "../options/method-pattern.js";
import { checkOption, type OptionTable, readOptions } from "../options/read-options.js";
import { createMockAuthContext } from "./create-mock-auth-context.js";

/** A server's options, as passed to `connectNodeAdapter` or another adapter. */
export interface WiredServer extends ConnectRouterOptions {
  /** Called twice, each time with a router of this check. */
  readonly routes: (router: ConnectRouter) => unknown;
}

export interface WiringOptions {
  /** Patterns of methods without access control on purpose: `["grpc.health.v1.Health/*"]`. Default: none. */
  readonly except?: readonly string[];
  /** Headers of the calls, to pass your own interceptors that run before access control. Default: none. */
  readonly headers?: HeadersInit;
}

const wiringOptions = (): OptionTable<WiringOptions, "except"> => ({
  except: withDefault(list, []),
  headers: optional(anything),
});

/**
 * Calls every method of a server in memory, and fails if access control is missing on any. The server's interceptors,
 * `authorize` and `checks` run. Probes replace the implementations.
 *
 * Calls each method twice: without a credential, then as an authenticated caller without the request gate. The second call
 * detects a chain without authorization.
 *
 * @returns the called methods, as `pkg.v1.Service/Method`.
 * @throws Error naming every method without access control, and every method whose check is inconclusive.
 *
 * @example
 * test("every method is behind access control", async () => {
 *   const methods = await checkWiring({ ...auth, routes });
 *   expect(methods).toContain("shop.v1.OrderService/CancelOrder");
 * });
 */
export async function checkWiring(server: WiredServer, options: WiringOptions = {}): Promise<string[]> {
  checkOption(typeof Object(server).routes === "function", "checkWiring", "a server's options, with routes");
  const { except, headers } = readOptions("checkWiring", options, wiringOptions);
  const isExcepted = compileMethodPatterns(except, "except");
  const asWired = handlersOf(server, (own) => own);
  const authenticated = handlersOf(server, (own) => {
    const interceptors = interceptorsOf(server, own).map((one) => (isAuthenticationInterceptor(one) ? establish : one));
    return { ...own, interceptors, requestGate: undefined as never };
  });
  const methods: string[] = [];
  const problems: string[] = [];
  for (const [i, { handler, probe }] of asWired.entries()) {
    const { method } = handler;
    const name = `${method.parent.typeName}/${method.name}`;
    methods.push(name);
    if (isExcepted(method.parent.typeName, method.name)) continue;
    const outcomes = [await drive(handler, probe, headers)];
    const other = authenticated[i];
    if (other !== undefined) outcomes.push(await drive(other.handler, other.probe, headers));
    if (outcomes.includes("unprotected")) {
      problems.push(
        `${name}: reached without authorization; if the service or method has its own interceptors, write auth.withInterceptors([...])`,
      );
    } else if (!outcomes.includes("protected")) {
      problems.push(`${name}: rejected before access control; set headers that pass the interceptors before it`);
    }
  }
  if (methods.length === 0) problems.push("routes: registers no method");
  if (problems.length > 0) {
    throw new Error(`${problems.length} of ${methods.length} methods:\n  ${problems.join("\n  ")}`);
  }
  return methods;
}

type Handler = ConnectRouter["handlers"][number];
type HandlerOptions = Parameters<ConnectRouter["service"]>[2];

/** Replaces an implementation, and records how it was reached. */
interface Probe {
  reached: "no" | "authorized" | "unauthorized";
}

/** Creates the server's handlers, with probes as implementations. */
function handlersOf(
  { routes, ...server }: WiredServer,
  change: (own: HandlerOptions) => HandlerOptions,
): { readonly handler: Handler; readonly probe: Probe }[] {
  const router = createConnectRouter(server);
  const probes = new Map<Handler, Probe>();
  const add = (method: DescMethod, own: HandlerOptions) => {
    const probe: Probe = { reached: "no" };
    const implementation = (_: unknown, context: HandlerContext) => {
      if (probe.reached !== "unauthorized") probe.reached = isAuthorized(context) ? "authorized" : "unauthorized";
      throw new ConnectError("checkWiring", Code.Aborted);
    };
    router.rpc(method, implementation as never, change(own));
    probes.set(router.handlers.at(-1) as Handler, probe);
  };
  const probing: ConnectRouter = {
    handlers: router.handlers,
    service(service: DescService, _: unknown, own?: HandlerOptions) {
      for (const method of service.methods) add(method, own);
      return probing;
    },
    rpc(method: DescMethod, _: unknown, own?: HandlerOptions) {
      add(method, own);
      return probing;
    },
  };
  routes(probing);
  return router.handlers.map((handler) => {
    const probe = probes.get(handler);
    if (probe !== undefined) return { handler, probe };
    throw new Error(`${handler.requestPath}: cannot be checked; add it with router.service or router.rpc`);
  });
}

/** Follows connect: interceptors of a service or method replace the server's, even if undefined. */
function interceptorsOf(server: WiredServer, own: HandlerOptions): Interceptor[] {
  const { interceptors } = own !== undefined && Object.hasOwn(own, "interceptors") ? own : server;
  return interceptors ?? [];
}

const caller = createMockAuthContext({ subject: "checkWiring" });

/** Replaces the authentication interceptor. */
const establish: Interceptor = (next) => (req) => {
  req.contextValues.set(authContextKey, caller);
  return next(req);
};

/** Calls the handler with an empty message, over the first protocol that it supports. */
async function drive(
  handler: Handler,
  probe: Probe,
  headers: HeadersInit | undefined,
): Promise<"protected" | "unprotected" | "unknown"> {
  const isUnary = handler.method.methodKind === "unary";
  const type = [isUnary ? "application/proto" : "application/connect+proto", "application/grpc", "application/grpc-web"]
    .filter((candidate) => handler.supportedContentType(candidate))
    .at(0);
  const header = new Headers(headers);
  header.set("content-type", type ?? "application/proto");
  header.set("connect-protocol-version", "1");
  const contextValues = createContextValues();
  const { body } = await handler({
    httpVersion: "2.0",
    method: "POST",
    url: `https://in-memory${handler.requestPath}`,
    header,
    // Unary calls of the Connect protocol have no envelope. The others send one with no flags and length 0.
    body: bodyOf(new Uint8Array(type === "application/proto" ? 0 : 5)),
    signal: new AbortController().signal,
    contextValues,
  });
  for await (const _ of body ?? []);
  if (probe.reached === "unauthorized") return "unprotected";
  return probe.reached === "authorized" || stateOf(contextValues).refused ? "protected" : "unknown";
}

async function* bodyOf(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

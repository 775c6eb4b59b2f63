import { Code, ConnectError, type HandlerContext, type Interceptor } from "@connectrpc/connect";
import { createAuthenticationInterceptor } from "./authentication/authentication-interceptor.js";
import {
  type AuthenticationOptions,
  authenticationOptions,
  type DefaultedPipelineOption,
} from "./authentication/authentication-options.js";
import { type Authenticate, createAuthenticator } from "./authentication/authenticator.js";
import { asInternal, listSchemes } from "./authentication/scheme-list.js";
import { authzOptions, type DefaultedAuthzOption } from "./authorization/authz-options.js";
import type { DecisionLog } from "./authorization/decision-log.js";
import { createEnforcer } from "./authorization/enforcer.js";
import { createEnforcingInterceptor } from "./authorization/enforcing-interceptor.js";
import { createGate } from "./authorization/gate.js";
import { watchThreshold } from "./authorization/threshold.js";
import type { AuthContext } from "./context/auth-context.js";
import { acceptedSchemes, checkCredentialNames } from "./interceptors/accepted-schemes.js";
import type { ProtoAuthzInterceptorOptions } from "./interceptors/create-authz-interceptor.js";
import { anything, optional, withDefault } from "./options/check.js";
import { checkOption, type OptionTable, ownMembers, readOptions } from "./options/read-options.js";
import { monotonicTime } from "./platform/clock.js";
import type { ServicePolicy } from "./policy/service-policy.js";
import {
  answerNode,
  answerRequest,
  type NodeRequest,
  type NodeResponse,
} from "./protected-resource/answer-metadata.js";
import { createProtectedResource } from "./protected-resource/protected-resource.js";
import type { ProtectedResourceOptions } from "./protected-resource/protected-resource-options.js";
import type { AuthScheme } from "./schemes/scheme.js";
import { createRevocations, type Revocations } from "./store/revocations.js";

/** @typeParam T - the tables, which know the permissions of `grants`. */
export interface CreateAuthOptions<T extends readonly ServicePolicy[] = readonly ServicePolicy[]>
  extends ProtoAuthzInterceptorOptions<T>,
    Omit<AuthenticationOptions, "skipMethods"> {
  /** The authentication scheme, or several, tried in order. The first that finds its credential decides. */
  readonly authenticate: AuthScheme | readonly AuthScheme[];
  /** The scheme of services that may call `internal` methods, or several. By default, nobody may call them. */
  readonly internal?: AuthScheme | readonly AuthScheme[];
  /**
   * Describes the server to OAuth clients (RFC 9728): `fallback` and `wellKnown` answer its metadata, with the scopes of the
   * tables, and challenges name the metadata and the scopes of the method. By default, clients learn neither.
   */
  readonly protectedResource?: ProtectedResourceOptions;
}

type Defaulted = DefaultedAuthzOption | Exclude<DefaultedPipelineOption, "skipMethods"> | "internal";

function createAuthOptions(): OptionTable<CreateAuthOptions, Defaulted> {
  const { skipMethods: _, ...pipelineOptions } = authenticationOptions();
  return {
    ...authzOptions(),
    ...pipelineOptions,
    policies: anything,
    authenticate: anything,
    internal: withDefault(anything, []),
    protectedResource: optional(anything),
  };
}

/** Access control for a server. Its members have the names of a server's options: `connectNodeAdapter({ ...auth, routes })`. */
export interface Auth {
  /** Put them before the server's own `interceptors`. */
  readonly interceptors: Interceptor[];
  /**
   * The server's `requestGate` (connect 2.2 and newer). Refuses calls by their headers, before the body is read. It answers
   * `internal` if `interceptors` are missing for a service.
   */
  readonly requestGate: (context: HandlerContext) => void | Promise<void>;
  /**
   * Adds your interceptors after access control, for a service or method with its own chain. connect replaces the server's
   * chain there.
   *
   * @throws TypeError for anything but a list of interceptors.
   *
   * @example
   * router.service(OrderService, implementation, auth.withInterceptors([rateLimit]));
   */
  readonly withInterceptors: (own: readonly Interceptor[]) => Pick<Auth, "interceptors" | "requestGate">;
  /**
   * The server's `fallback`, with the option `protectedResource`: answers requests for the metadata, and 404 for other paths
   * without a method. For `connectNodeAdapter`.
   */
  readonly fallback?: (request: NodeRequest, response: NodeResponse) => void;
  /**
   * Answers a request for the metadata of the option `protectedResource`. Returns undefined for any other request. For servers
   * with fetch handlers.
   *
   * @example
   * export default { fetch: (request: Request) => auth.wellKnown(request) ?? handler(request) };
   */
  readonly wellKnown: (request: Pick<Request, "method" | "url">) => Response | undefined;
  /** Fetches key sets before the first calls. Rejects if a key set cannot be fetched. */
  readonly warmUp: () => Promise<void>;
  /** Revokes credentials. Without the `revocations` option, only in this process. See {@link Revocations}. */
  readonly revoke: Revocations["revoke"];
  /**
   * Forgets the answers of the function in `grants`, for a subject or for all: the next call asks again. In this process only.
   *
   * @example
   * await directory.removeRole("ada", "editor");
   * auth.forgetGrants("ada");
   */
  readonly forgetGrants: (subject?: string) => void;
  /**
   * Returns the permissions of a caller, sorted: from the credential, the roles, and the function in `grants`. With a resource,
   * only those that the function returns for it. For a web page that hides actions with `can()`.
   *
   * Rejects if the function fails.
   *
   * @example
   * const permissions = await auth.effectivePermissions(requireAuthContext(context));
   */
  readonly effectivePermissions: (
    caller: AuthContext,
    options?: { readonly resource?: string },
  ) => Promise<readonly string[]>;
}

/**
 * Creates access control for a server: authentication and authorization by the same tables.
 *
 * @throws TypeError for a malformed table or option.
 *
 * @example
 * const auth = createAuth({
 *   policies: [OrderServicePolicy],
 *   authenticate: jwt({ jwksUri, issuer: "https://login.example.com", audience: "orders" }),
 * });
 * createServer(connectNodeAdapter({ ...auth, routes }));
 */
export function createAuth<T extends readonly ServicePolicy[]>(options: CreateAuthOptions<T>): Auth {
  if (Object.hasOwn(Object(options), "skipMethods")) {
    throw new TypeError(
      "skipMethods: not an option of createAuth. Set public: true in the schema, or use optionalMethods",
    );
  }
  const own = readOptions("createAuth", options as unknown as CreateAuthOptions, createAuthOptions);
  const { policies, authenticate: users, internal, protectedResource } = own;
  const schemes = listSchemes(users, "authenticate");
  const metadata = Object.assign({}, ...schemes.map((scheme) => scheme.metadata));
  const resource = protectedResource && createProtectedResource(policies, protectedResource, metadata);
  const enforcer = createEnforcer(policies, own);
  const internalSchemes = asInternal(listSchemes(internal, "internal", schemes));
  const serverSchemes = { users: schemes, internal: internalSchemes };
  checkCredentialNames(policies, serverSchemes);
  if (schemes.length === 0) throw new TypeError("authenticate: expected at least one scheme, such as jwt({...})");
  const revocations = own.revocations ?? createRevocations();
  const authenticate = createAuthenticator(
    {
      all: [...schemes, ...internalSchemes],
      for: (service, method, optional) => {
        const row = enforcer.lookup(service, method);
        return row?.access === "public" && !optional ? [] : acceptedSchemes(row, serverSchemes);
      },
      ...(resource && {
        challengeParameters: (service, method) => resource.parametersOf(enforcer.lookup(service, method)),
      }),
    },
    ownMembers({ ...own, skipMethods: [], revocations }),
  );
  const authenticator = reportRefusals(authenticate, enforcer.log);
  const gate = createGate(enforcer);
  const reported = new Set<string>();
  const interceptors: readonly Interceptor[] = [
    createAuthenticationInterceptor(authenticator, own.asyncContext),
    createEnforcingInterceptor({ ...enforcer, evaluate: gate.evaluate }),
  ];

  function check(context: HandlerContext): void | Promise<void> {
    const pending = gate.check(context);
    watchThreshold(context, reported);
    return pending;
  }

  function requestGate(context: HandlerContext): void | Promise<void> {
    const { method, requestHeader: header, values, signal, requestMethod, responseHeader } = context;
    const pending = authenticator({ method, header, values, signal, requestMethod, responseHeader });
    return pending instanceof Promise ? pending.then(() => check(context)) : check(context);
  }

  return {
    interceptors: [...interceptors],
    requestGate,
    withInterceptors(own) {
      const isRight = Array.isArray(own) && own.every((interceptor) => typeof interceptor === "function");
      checkOption(isRight, "withInterceptors", "a list of interceptors");
      return { interceptors: [...interceptors, ...own.filter((one) => !interceptors.includes(one))], requestGate };
    },
    ...(resource && { fallback: (request, response) => answerNode(resource, request, response) }),
    wellKnown: (request) => resource && answerRequest(resource, request),
    async warmUp() {
      await Promise.all([...schemes, ...internalSchemes].map(async (scheme) => scheme.warmUp?.()));
    },
    revoke: revocations.revoke,
    forgetGrants: enforcer.forget,
    async effectivePermissions(caller, { resource } = {}) {
      // Nothing is held on an empty resource.
      return resource === "" ? [] : [...(await enforcer.find(caller, resource))].sort();
    },
  };
}

/** Adds refusals by authentication to the audit log. */
function reportRefusals(authenticate: Authenticate, log: DecisionLog | undefined): Authenticate {
  if (log === undefined) return authenticate;
  return (call) => {
    const start = monotonicTime();
    const refuse = (error: unknown): never => {
      const reason = ConnectError.from(error).code === Code.Unauthenticated ? "unauthenticated" : "error";
      log({ effect: "deny", decidedBy: "authentication", reason, error }, call.method, undefined, start);
      throw error;
    };
    try {
      const pending = authenticate(call);
      return pending instanceof Promise ? pending.catch(refuse) : pending;
    } catch (error) {
      return refuse(error);
    }
  };
}

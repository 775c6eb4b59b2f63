import type { HandlerContext, Interceptor } from "@connectrpc/connect";
import { type AuthenticationOptions, createAuthenticator } from "./authentication/authenticator.js";
import type { AuthScheme } from "./authentication/scheme.js";
import { splitAuthzOptions } from "./authorization/authz-options.js";
import type { ProtoAuthzInterceptorOptions } from "./authorization/create-authz-interceptor.js";
import { createEnforcer } from "./authorization/enforcer.js";

export interface CreateAuthOptions extends ProtoAuthzInterceptorOptions, Omit<AuthenticationOptions, "skipMethods"> {
  /** How callers prove who they are: one scheme, or several tried in order; the first that finds its credential decides. */
  readonly authenticate: AuthScheme | readonly AuthScheme[];
  /** How other services prove that they may call `internal` methods. By default, nobody can. */
  readonly internal?: AuthScheme | readonly AuthScheme[];
}

/**
 * Access control for a server: authentication and authorization by the same tables, in the right order. Its members are
 * named as a server's options are: `connectNodeAdapter({ ...auth, routes })`.
 */
export interface Auth {
  /** For the server's `interceptors`, before its own. */
  readonly interceptors: Interceptor[];
  /** For the server's `requestGate` (connect 2.2 and newer): refuses on headers alone, before the body is read. */
  readonly requestGate: (context: HandlerContext) => Promise<void>;
}

/**
 * Access control in one call. Which methods are public or internal comes from the tables, so nothing is declared twice.
 *
 * @throws TypeError for a malformed table or option.
 */
export function createAuth(options: CreateAuthOptions): Auth {
  const [authzOptions, { policies, authenticate, internal = [], ...rest }] = splitAuthzOptions(options);
  const enforcer = createEnforcer(policies, authzOptions);
  const schemes = listOf(authenticate, "authenticate");
  const internalSchemes = listOf(internal, "internal");
  if (schemes.length === 0) throw new TypeError("authenticate: expected at least one scheme, such as jwt({...})");
  const authenticator = createAuthenticator(
    {
      all: [...schemes, ...internalSchemes],
      for: (service, method) => {
        const access = enforcer.lookup(service, method)?.access;
        if (access === "public") return [];
        return access === "internal" ? internalSchemes : schemes;
      },
    },
    rest,
  );
  return {
    interceptors: [authenticator.interceptor, enforcer.interceptor],
    async requestGate(context) {
      const { method, requestHeader: header, values, signal } = context;
      await authenticator.authenticate({ method, header, values, signal });
      enforcer.gate(context);
    },
  };
}

function listOf(schemes: AuthScheme | readonly AuthScheme[], option: string): readonly AuthScheme[] {
  const list = Array.isArray(schemes) ? schemes : [schemes];
  for (const scheme of list) {
    if (typeof scheme?.read !== "function") {
      throw new TypeError(`${option}: expected schemes such as jwt({...}), got ${typeof scheme}`);
    }
  }
  return list;
}

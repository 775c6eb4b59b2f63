import { createPolicyIndex } from "../policy/policy-index.js";
import type { MethodPolicy, ServicePolicy } from "../policy/service-policy.js";
import { type ProtectedResourceOptions, readProtectedResource } from "./protected-resource-options.js";

/** The metadata of a protected resource (RFC 9728), and the parameters of its challenges. */
export interface ProtectedResource {
  /** The document, as JSON. */
  readonly document: string;
  /** The paths that it is served at: with the path of the resource, as RFC 9728 section 3.1 builds it, and without. */
  readonly paths: ReadonlySet<string>;
  /**
   * Returns the parameters of a challenge for a method: the address of the document, the scopes of the method, and the
   * authentication that it requires (RFC 9470 section 3).
   */
  parametersOf(row: MethodPolicy | undefined): string;
}

const wellKnown = "/.well-known/oauth-protected-resource";

/**
 * Describes a server by its tables. The scopes of internal methods are left out: no user's token opens those.
 *
 * @param metadata - further members, of the schemes.
 * @throws TypeError for a malformed option or table.
 */
export function createProtectedResource(
  policies: Iterable<ServicePolicy>,
  options: ProtectedResourceOptions,
  metadata: Readonly<Record<string, unknown>> = {},
): ProtectedResource {
  const { url, authorizationServers, name, documentation } = readProtectedResource(options);
  const { origin, pathname } = new URL(url);
  const path = wellKnown + (pathname === "/" ? "" : pathname);
  const rows = [...createPolicyIndex(policies).services.values()].flatMap((methods) => Object.values(methods));
  const scopes = new Set(rows.flatMap((row) => (row.access === "requires" ? row.scopes : [])).filter(isScopeToken));
  const document = JSON.stringify({
    resource: url,
    authorization_servers: authorizationServers,
    scopes_supported: [...scopes].sort(),
    bearer_methods_supported: ["header"],
    resource_name: name,
    resource_documentation: documentation,
    ...metadata,
  });
  const address = `resource_metadata="${origin}${path}"`;
  return {
    document,
    paths: new Set([path, wellKnown]),
    parametersOf(row) {
      if (row?.access !== "requires") return address;
      const { acr = [], maxAgeSeconds } = row;
      return [
        address,
        ...listParameter("scope", row.scopes),
        ...listParameter("acr_values", acr),
        ...(maxAgeSeconds === undefined ? [] : [`max_age="${maxAgeSeconds}"`]),
      ].join(", ");
    },
  };
}

/** Returns a parameter with names, separated by spaces. None without names that a quoted string can carry unchanged. */
function listParameter(name: string, values: readonly string[]): readonly string[] {
  return values.length > 0 && values.every(isScopeToken) ? [`${name}="${values.join(" ")}"`] : [];
}

/** A scope-token of RFC 6749 section 3.3. */
function isScopeToken(scope: string): boolean {
  return /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope);
}

import { nearest } from "../options/nearest.js";
import { createPolicyIndex } from "../policy/policy-index.js";
import type { CredentialPolicy, MethodPolicy, ServicePolicy } from "../policy/service-policy.js";
import type { AuthScheme } from "../schemes/scheme.js";

/** The schemes of a server. */
export interface ServerSchemes {
  readonly users: readonly AuthScheme[];
  /** The schemes whose callers may call `internal` methods. */
  readonly internal: readonly AuthScheme[];
}

/** Returns the schemes that authenticate callers of a method: those of its access, whose names are in its `credentials`. */
export function acceptedSchemes(
  row: MethodPolicy | undefined,
  { users, internal }: ServerSchemes,
): readonly AuthScheme[] {
  const schemes = row?.access === "internal" ? internal : users;
  const names = credentialsOf(row);
  return names === undefined ? schemes : schemes.filter(({ name }) => names.includes(name));
}

/**
 * Checks the names in `credentials` of all tables.
 *
 * @throws TypeError for a name that no scheme of the method's access has: nobody could call the method.
 */
export function checkCredentialNames(policies: Iterable<ServicePolicy>, schemes: ServerSchemes): void {
  for (const [typeName, methods] of createPolicyIndex(policies).services) {
    for (const [method, row] of Object.entries(methods)) {
      const option = row.access === "internal" ? "internal" : "authenticate";
      const known = schemes[row.access === "internal" ? "internal" : "users"].map(({ name }) => name);
      const unknown = credentialsOf(row)?.find((name) => !known.includes(name));
      if (unknown === undefined) continue;
      const near = nearest(unknown, known);
      const list = known.length === 0 ? "has no scheme" : `has ${known.map((name) => JSON.stringify(name)).join(", ")}`;
      throw new TypeError(
        `${typeName}/${method}: credentials: no scheme is named ${JSON.stringify(unknown)}: ${option} ${list}` +
          `${near === undefined ? "" : `; did you mean ${JSON.stringify(near)}?`}`,
      );
    }
  }
}

function credentialsOf(row: MethodPolicy | undefined): readonly string[] | undefined {
  return (row as CredentialPolicy | undefined)?.credentials;
}

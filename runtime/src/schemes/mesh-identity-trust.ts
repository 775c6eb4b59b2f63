import { refuseRepeated } from "../call/raw-headers.js";
import type { AuthContextInit } from "../context/auth-context.js";
import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { readClientUri } from "../headers/forwarded-client-cert.js";
import { headerName } from "../headers/header-name.js";
import { anything, func, withDefault } from "../options/check.js";
import { type OptionTable, readOptions } from "../options/read-options.js";
import { compileTrustSource, type TrustSource } from "../trust/trust-source.js";
import { compileWorkloadRules } from "../trust/workload-rules.js";
import type { AuthScheme } from "./scheme.js";

/** Options of {@link meshIdentityTrust}. */
export interface MeshIdentityTrustOptions {
  /**
   * Header with the name of the calling workload. By default, the URI of the last hop in `x-forwarded-client-cert` (Envoy,
   * Istio). Another header, such as `l5d-client-id` (Linkerd), contains the name itself.
   */
  readonly header?: string;
  /**
   * Allowed workloads: `spiffe://cluster.local/ns/shop/sa/orders`. A `*` at the end, after the trust domain, matches every
   * continuation.
   */
  readonly allow: readonly string[];
  /** Proof that the header comes from the mesh. For a sidecar: `{ peerAddresses: ["127.0.0.0/8", "::1"] }`. */
  readonly trustSource: TrustSource;
  /** Turns the name of a workload into an identity. By default, the name is the subject. */
  readonly mapCaller?: (workload: string) => AuthContextInit;
}

const forwardedClientCert = "x-forwarded-client-cert";

const meshOptions = (): OptionTable<MeshIdentityTrustOptions, "header" | "mapCaller"> => ({
  header: withDefault(anything, forwardedClientCert),
  allow: anything,
  trustSource: anything,
  mapCaller: withDefault(func, (workload: string): AuthContextInit => ({ subject: workload })),
});

/**
 * Authenticates internal callers by the header of a service mesh, which has authenticated the workload by mutual TLS.
 *
 * @throws TypeError for a missing or malformed option.
 *
 * @example
 * const auth = createAuth({
 *   policies,
 *   authenticate: jwt({ jwksUri, issuer, audience }),
 *   internal: meshIdentityTrust({
 *     allow: ["spiffe://cluster.local/ns/shop/sa/orders"],
 *     trustSource: { peerAddresses: ["127.0.0.0/8", "::1"] },
 *   }),
 * });
 */
export function meshIdentityTrust(options: MeshIdentityTrustOptions): AuthScheme {
  const own = readOptions("meshIdentityTrust", options, meshOptions);
  const { allow, mapCaller } = own;
  const header = headerName(own.header, "header");
  const trust = compileTrustSource(own.trustSource);
  const isAllowed = compileWorkloadRules(allow);
  return {
    name: "mesh",
    challenge: undefined,
    presents: "nothing",
    trustedHeaders: [header, ...trust.headers],
    internal: true,
    accepts: [{ by: `mesh ${header}`, only: { proof: trust.proofs, workload: allow } }],
    cache: false,
    read(source) {
      const value = source.header.get(header);
      if (value === null) return undefined;
      if (!trust.isTrusted(source))
        throw new InvalidCredentialError(`${header} without proof of the mesh`, { reason: "untrusted" });
      refuseRepeated(source.values, header);
      const workload = header === forwardedClientCert ? readClientUri(value) : value;
      if (workload === undefined || !isAllowed(workload))
        throw new InvalidCredentialError(`${header}: not allowed`, { reason: "unknown" });
      return { key: undefined, presented: undefined, verify: () => ({ identity: mapCaller(workload) }) };
    },
  };
}

import type { AuthContextInit } from "../../context/auth-context.js";
import { checkOptionNames } from "../../option-names.js";
import { InvalidCredentialError } from "../authentication-error.js";
import { headerName } from "../header-name.js";
import type { AuthScheme } from "../scheme.js";
import { compileTrustSource, type TrustSource } from "../trust-source.js";
import { readClientUri } from "./forwarded-client-cert.js";

/** Workloads that a service mesh has authenticated by mutual TLS. */
export interface MeshIdentityTrustOptions {
  /**
   * Header in which the mesh names the calling workload. By default, `x-forwarded-client-cert` (Envoy, Istio), of which
   * the URI of the last hop counts; any other header, such as `l5d-client-id` (Linkerd), is the name itself.
   */
  readonly header?: string;
  /** Workloads that may call: `spiffe://cluster.local/ns/shop/sa/orders`; one that ends with `*` means all that begin so. */
  readonly allow: readonly string[];
  /** What proves that the header comes from the mesh: for a sidecar, `{ peerAddresses: ["127.0.0.0/8", "::1"] }`. */
  readonly trustSource: TrustSource;
  /** Turns the name of a workload into an identity. By default, the name is the subject. */
  readonly mapCaller?: (workload: string) => AuthContextInit;
}

const optionNames: Readonly<Record<keyof MeshIdentityTrustOptions, true>> = {
  header: true,
  allow: true,
  trustSource: true,
  mapCaller: true,
};

const forwardedClientCert = "x-forwarded-client-cert";

/** @throws TypeError for an option that is missing or malformed. */
export function meshIdentityTrust(options: MeshIdentityTrustOptions): AuthScheme {
  checkOptionNames(options, optionNames, "meshIdentityTrust");
  const { allow, mapCaller = (workload: string) => ({ subject: workload }) } = options;
  const header = headerName(options.header ?? forwardedClientCert, "header");
  const trust = compileTrustSource(options.trustSource);
  if (typeof mapCaller !== "function") throw new TypeError(`mapCaller: expected a function, got ${typeof mapCaller}`);
  const isAllowed = compileWorkloads(allow);
  return {
    name: "mesh",
    challenge: undefined,
    trustedHeaders: [header, ...trust.headers],
    internal: true,
    accepts: [{ by: `mesh ${header}`, only: { proof: trust.proofs, workload: allow } }],
    cache: false,
    read(source) {
      const value = source.header.get(header);
      if (value === null) return undefined;
      if (!trust.isTrusted(source)) throw new InvalidCredentialError(`${header} without proof of the mesh`);
      const workload = header === forwardedClientCert ? readClientUri(value) : value;
      if (workload === undefined || !isAllowed(workload)) throw new InvalidCredentialError(`${header}: not allowed`);
      return { key: undefined, verify: () => ({ identity: mapCaller(workload) }) };
    },
  };
}

function compileWorkloads(allow: readonly string[]): (workload: string) => boolean {
  if (!Array.isArray(allow) || allow.length === 0)
    throw new TypeError("allow: expected a list of at least one workload");
  for (const workload of allow) {
    if (typeof workload !== "string" || !/^[^\s*,]+\*?$/.test(workload)) {
      throw new TypeError(
        `allow: ${JSON.stringify(workload)} is not a workload; "*" may stand at the end of a name only`,
      );
    }
  }
  const exact = new Set(allow.filter((workload) => !workload.endsWith("*")));
  const prefixes = allow.filter((workload) => workload.endsWith("*")).map((workload) => workload.slice(0, -1));
  return (workload) => exact.has(workload) || prefixes.some((prefix) => workload.startsWith(prefix));
}

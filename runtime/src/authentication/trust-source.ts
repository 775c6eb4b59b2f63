import { checkOptionNames } from "../option-names.js";
import { compileAddressRules } from "./address-rules.js";
import { InvalidCredentialError } from "./authentication-error.js";
import { headerName } from "./header-name.js";
import { peerKey } from "./peer.js";
import type { CredentialSource } from "./scheme.js";
import { compileSecrets, type Secrets } from "./secret-matcher.js";

/**
 * What proves that identity headers come from a peer that may set them:
 *
 * - `header` and `secrets`: the peer sends a secret that it shares with this server; any of several is accepted.
 * - `peerAddresses`: the connection itself comes from one of these addresses or ranges. Needs `contextValues: recordPeer` on the server.
 * - `header` and `addresses`: a header names one of these addresses. **Only as good as the gateway that overwrites that
 *   header on every request**: whoever can reach this server past the gateway can write any address there.
 */
export type TrustSource =
  | { readonly header: string; readonly secrets: Secrets }
  | { readonly peerAddresses: readonly string[] }
  | { readonly header: string; readonly addresses: readonly string[] };

export interface CompiledTrustSource {
  isTrusted(source: CredentialSource): boolean;
  /** Headers that are proof, and that no handler should see. */
  readonly headers: readonly string[];
  /** Its proofs, to tell whether two sources accept the same one. It shows no secret. */
  readonly proofs: readonly unknown[];
}

/** @throws TypeError naming the member that is malformed. */
export function compileTrustSource(trustSource: TrustSource, option = "trustSource"): CompiledTrustSource {
  checkOptionNames(trustSource, { header: true, secrets: true, peerAddresses: true, addresses: true }, option);
  const kinds = (["secrets", "peerAddresses", "addresses"] as const).filter((kind) => kind in trustSource);
  if (kinds.length !== 1 || "peerAddresses" in trustSource === "header" in trustSource) {
    throw new TypeError(`${option}: expected { header, secrets }, { peerAddresses } or { header, addresses }`);
  }
  if ("peerAddresses" in trustSource) {
    const matches = compileAddressRules(trustSource.peerAddresses, `${option}.peerAddresses`);
    return {
      headers: [],
      proofs: trustSource.peerAddresses.map((address) => `peer ${address}`),
      isTrusted({ values }) {
        const peer = values.get(peerKey);
        if (peer === undefined) {
          throw new InvalidCredentialError(`${option}.peerAddresses: the server has no contextValues: recordPeer`);
        }
        return matches(peer.address);
      },
    };
  }
  const header = headerName(trustSource.header, `${option}.header`);
  if ("secrets" in trustSource) {
    const matches = compileSecrets(trustSource.secrets, `${option}.secrets`);
    return {
      headers: [header],
      proofs: matches.identities,
      isTrusted: (source) => matches(source.header.get(header) ?? ""),
    };
  }
  const matches = compileAddressRules(trustSource.addresses, `${option}.addresses`);
  return {
    headers: [],
    proofs: trustSource.addresses.map((address) => `${header} ${address}`),
    isTrusted: (source) => matches(source.header.get(header) ?? undefined),
  };
}

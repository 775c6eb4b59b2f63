import type { CredentialSource } from "../call/credential-source.js";
import { peerKey } from "../call/peer.js";
import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { headerName } from "../headers/header-name.js";
import { anything } from "../options/check.js";
import { type OptionTable, readOptions } from "../options/read-options.js";
import { compileAddressRules } from "./address-rules.js";
import { compileSecrets, type Secrets } from "./secret-matcher.js";

/**
 * The proof that identity headers come from a peer that may set them:
 *
 * - `header` and `secrets`: the peer sends a secret that it shares with this server; any of several is accepted.
 * - `peerAddresses`: the connection itself comes from one of these addresses or ranges. Needs `contextValues: recordPeer`
 *   on the server. A connection over a Unix socket has no address and is never trusted: use `secrets` there.
 * - `header` and `addresses`: a header names one of these addresses. **Only as good as the gateway that overwrites that
 *   header on every request**: a client that can reach this server past the gateway can write any address there.
 *
 * @example
 * const trustSource: TrustSource = { header: "x-gateway-secret", secrets: process.env["GATEWAY_SECRET"] };
 * @example
 * const trustSource: TrustSource = { peerAddresses: ["10.0.0.0/8", "::1"] };
 */
export type TrustSource =
  | { readonly header: string; readonly secrets: Secrets }
  | { readonly peerAddresses: readonly string[] }
  | { readonly header: string; readonly addresses: readonly string[] };

export interface CompiledTrustSource {
  isTrusted(source: CredentialSource): boolean;
  /** Headers that are the proof; no handler sees them. */
  readonly headers: readonly string[];
  /** Its proofs, to tell whether two sources accept the same one. It shows no secret. */
  readonly proofs: readonly unknown[];
}

interface Members {
  readonly header?: string;
  readonly secrets?: Secrets;
  readonly peerAddresses?: readonly string[];
  readonly addresses?: readonly string[];
}

const trustOptions = (): OptionTable<Members> => ({
  header: anything,
  secrets: anything,
  peerAddresses: anything,
  addresses: anything,
});

/** @throws TypeError naming the member that is malformed. */
export function compileTrustSource(trustSource: TrustSource, option = "trustSource"): CompiledTrustSource {
  const own = readOptions<Members>(option, trustSource, trustOptions);
  const kinds = (["secrets", "peerAddresses", "addresses"] as const).filter((kind) => kind in own);
  if (kinds.length !== 1 || "peerAddresses" in own === "header" in own) {
    throw new TypeError(`${option}: expected { header, secrets }, { peerAddresses } or { header, addresses }`);
  }
  if ("peerAddresses" in own) {
    const matches = compileAddressRules(own.peerAddresses, `${option}.peerAddresses`);
    return {
      headers: [],
      proofs: own.peerAddresses.map((address) => `peer ${address}`),
      isTrusted({ values }) {
        const peer = values.get(peerKey);
        if (peer === undefined) {
          throw new InvalidCredentialError(`${option}.peerAddresses: the server has no contextValues: recordPeer`, {
            reason: "untrusted",
          });
        }
        if (peer.address === undefined) {
          throw new InvalidCredentialError(
            `${option}.peerAddresses: a Unix socket, or a connection that is closed, has no address; ` +
              "behind a Unix socket use { header, secrets }",
            { reason: "untrusted" },
          );
        }
        return matches(peer.address);
      },
    };
  }
  const header = headerName(own.header, `${option}.header`);
  if ("secrets" in own) {
    const matches = compileSecrets(own.secrets, `${option}.secrets`);
    return {
      headers: [header],
      proofs: matches.identities,
      isTrusted: (source) => matches(source.header.get(header) ?? ""),
    };
  }
  const { addresses = [] } = own;
  const matches = compileAddressRules(addresses, `${option}.addresses`);
  return {
    headers: [],
    proofs: addresses.map((address) => `${header} ${address}`),
    isTrusted: (source) => matches(source.header.get(header) ?? undefined),
  };
}

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
 * - `header` and `secrets`: the peer sends a shared secret. Any of several secrets is accepted.
 * - `peerAddresses`: the connection itself comes from one of these addresses or ranges. Needs `contextValues: recordPeer`
 *   on the server. Unix sockets have no address and are never trusted: use `secrets` there.
 * - `header` and `addresses`: a header names one of these addresses. **The gateway must overwrite that header on every
 *   request.** A client that reaches this server directly can write any address.
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
  /** @throws InvalidCredentialError for an address that is not trusted, with the reason for the log. */
  isTrusted(source: CredentialSource): boolean;
  /** Headers with the proof. They are removed before the handler. */
  readonly headers: readonly string[];
  /** The accepted proofs in canonical form, without secrets: two sources with an equal proof overlap. */
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
        if (matches(peer.address)) return true;
        // A proxy in between has another address than expected: the log must name it.
        throw new InvalidCredentialError(
          `${option}.peerAddresses: the connection is from ${JSON.stringify(peer.address)}, which is not in the list`,
          { reason: "untrusted" },
        );
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

import { Code, ConnectError } from "@connectrpc/connect";
import { peerKey } from "../call/peer.js";
import { InvalidProofError } from "../errors/invalid-proof-error.js";
import { createWarning } from "../platform/warn.js";
import { compilePossession } from "./possession.js";
import type { ProofOfPossession } from "./proof-of-possession.js";

/**
 * Verifies tokens that are bound to the client's certificate (RFC 8705 section 3): the certificate of the connection must be the
 * one whose digest is in the token, for every call. The server needs `contextValues: recordPeer` and TLS with
 * `requestCert: true`.
 *
 * The token names the certificate exactly, and TLS proves that the client has its key. So a certificate that the server cannot
 * trace to an authority counts as well, such as a self-signed one (RFC 8705 section 2.2): set `rejectUnauthorized: false` for those.
 *
 * Calls fail with `internal` on a server without `recordPeer`.
 *
 * @example
 * const auth = createAuth({
 *   policies,
 *   authenticate: jwt({ issuer, jwksUri, audience: "shop", proofs: [certificateBound()] }),
 * });
 * const adapter = connectNodeAdapter({ ...auth, routes, contextValues: recordPeer });
 * createSecureServer({ key, cert, ca, requestCert: true }, adapter);
 */
export function certificateBound(): ProofOfPossession {
  const missing =
    "certificateBound: the certificate of the client is unknown. Set contextValues: recordPeer on the server";
  const warnOfPeer = createWarning(missing);
  return {
    compile: compilePossession,
    member: "x5t#S256",
    scheme: "Bearer",
    challenge: "Bearer",
    metadata: { tls_client_certificate_bound_access_tokens: true },
    verify(thumbprint, { source }) {
      const peer = source.values.get(peerKey);
      if (peer?.certificateThumbprint === undefined) {
        warnOfPeer();
        throw new ConnectError("Authentication failed", Code.Internal, undefined, undefined, new Error(missing));
      }
      const presented = peer.certificateThumbprint();
      if (presented === undefined)
        throw new InvalidProofError("the client has no certificate; the server needs requestCert");
      if (presented !== thumbprint) throw new InvalidProofError("the token is bound to another certificate");
    },
  };
}

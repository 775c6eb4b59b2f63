import { type ContextKey, type ContextValues, createContextValues } from "@connectrpc/connect";
import { sharedContextKey } from "../context/shared.js";
import { builtIn } from "../platform/built-in.js";
import { rawHeadersKey, rawHeadersOf } from "./raw-headers.js";

/** The other end of the connection, from the transport. No header changes it. */
export interface Peer {
  /** IP address. Undefined for a Unix socket and for a closed connection. */
  readonly address: string | undefined;
  /** The client's certificate in the form of node:tls. Undefined unless the server demanded and verified it. */
  certificate(): PeerCertificate | undefined;
  /**
   * The SHA-256 digest of the client's certificate, as `x5t#S256` (RFC 8705 section 3.1). TLS has proven that the client has
   * its key, but the server may not have verified who issued it: the digest names nobody. Undefined without a certificate.
   */
  certificateThumbprint?(): string | undefined;
}

/** The parts of node:tls' `PeerCertificate` that identify a client. */
export interface PeerCertificate {
  readonly subject: { readonly CN?: string | string[] };
  readonly subjectaltname?: string | undefined;
  readonly fingerprint256: string;
}

/**
 * The peer of a call. Undefined without `contextValues: recordPeer` on the server.
 *
 * @example
 * credentials({
 *   extractCredentials: (_, values) => values.get(peerKey)?.certificate()?.fingerprint256,
 *   verifyCredentials: (fingerprint) => devices.find(fingerprint),
 * });
 */
export const peerKey: ContextKey<Peer | undefined> = /* @__PURE__ */ sharedContextKey<Peer | undefined>(
  "peer",
  undefined,
);

/** The parts of a node:http or node:http2 request that {@link recordPeer} reads. */
export interface PeerRequest {
  readonly socket: object;
}

/**
 * Records the peer of a call under {@link peerKey}. Use it as the server's `contextValues`.
 *
 * It also records repeated headers, so that `gateway()` can tell a value with a comma from two headers. It never throws: an
 * error in this hook would end the process.
 *
 * @param values - the values to add to. Create them for each call. By default, new ones.
 * @example
 * createServer(connectNodeAdapter({ ...auth, routes, contextValues: recordPeer }));
 * @example
 * // With context values of your own:
 * contextValues: (request) => recordPeer(request, createContextValues().set(tenantKey, "lab")),
 */
export function recordPeer(request: PeerRequest, values: ContextValues = createContextValues()): ContextValues {
  const address = attempt(() => (request.socket as { remoteAddress?: unknown }).remoteAddress);
  values.set(peerKey, {
    address: typeof address === "string" ? address : undefined,
    certificate: () => attempt(() => certificateOf(request.socket)),
    certificateThumbprint: () => attempt(() => thumbprintOf(request.socket)),
  });
  return values.set(
    rawHeadersKey,
    attempt(() => rawHeadersOf(request)),
  );
}

function certificateOf(socket: {
  readonly authorized?: boolean;
  getPeerCertificate?(): PeerCertificate;
}): PeerCertificate | undefined {
  // `authorized` means that the chain was verified. Anybody can present an unverified certificate.
  const certificate = socket.authorized === true ? socket.getPeerCertificate?.() : undefined;
  return certificate?.fingerprint256 === undefined ? undefined : certificate;
}

function thumbprintOf(socket: { getPeerCertificate?(): Partial<PeerCertificate> }): string | undefined {
  // Hexadecimal, with colons between the bytes.
  const digits = socket.getPeerCertificate?.().fingerprint256?.replaceAll(":", "");
  return digits && builtIn("node:buffer").Buffer.from(digits, "hex").toString("base64url");
}

/** A closed HTTP/2 session throws when its socket is touched. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

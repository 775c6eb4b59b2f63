import { type ContextKey, type ContextValues, createContextValues } from "@connectrpc/connect";
import { sharedContextKey } from "../context/shared.js";
import { rawHeadersKey, rawHeadersOf } from "./raw-headers.js";

/** The other end of the connection, as the transport knows it. No header can change it. */
export interface Peer {
  /** IP address; undefined for a Unix socket, which has none, and for a connection that is already closed. */
  readonly address: string | undefined;
  /** The client's certificate, in the form of node:tls, if the server demanded and verified it; undefined otherwise. */
  certificate(): PeerCertificate | undefined;
}

/** The parts of node:tls' `PeerCertificate` that identify a client. */
export interface PeerCertificate {
  readonly subject: { readonly CN?: string | string[] };
  readonly subjectaltname?: string | undefined;
  readonly fingerprint256: string;
}

/**
 * The peer of a call; undefined unless the server's `contextValues` is {@link recordPeer}.
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
 * Records the peer of a call under {@link peerKey}: the server's `contextValues`.
 *
 * It also records which headers came more than once, so that `gateway()` can tell one name with a comma from two headers.
 * It never throws, since an error in that hook ends the process.
 *
 * @param values - the values to add to; they must be made for this call. By default, new ones.
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
  // `authorized` says that the chain was verified; an unverified certificate is anybody's.
  const certificate = socket.authorized === true ? socket.getPeerCertificate?.() : undefined;
  return certificate?.fingerprint256 === undefined ? undefined : certificate;
}

/** A closed HTTP/2 session throws when its socket is touched. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

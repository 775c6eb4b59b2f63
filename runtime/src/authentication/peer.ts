import { type ContextKey, type ContextValues, createContextKey, createContextValues } from "@connectrpc/connect";

/** Who is at the other end of the connection, as the transport knows it. No header can change it. */
export interface Peer {
  /** IP address; undefined where the connection is already closed, or is not one of IP. */
  readonly address: string | undefined;
  /** The client's certificate, in the form of node:tls, where it was demanded and verified; undefined otherwise. */
  certificate(): PeerCertificate | undefined;
}

/** The parts of node:tls' `PeerCertificate` that identify a client. */
export interface PeerCertificate {
  readonly subject: { readonly CN?: string | string[] };
  readonly subjectaltname?: string | undefined;
  readonly fingerprint256: string;
}

/** The peer of a call, where the server's `contextValues` is {@link recordPeer}. */
export const peerKey: ContextKey<Peer | undefined> = /* @__PURE__ */ createContextKey<Peer | undefined>(undefined, {
  description: "@connectum/auth peer",
});

/** A request of node:http or node:http2, as far as it is looked at. */
export interface PeerRequest {
  readonly socket: object;
}

/**
 * For the server's `contextValues`: keeps who is at the other end under {@link peerKey}. Never throws, since an error in
 * that hook ends the process.
 *
 * @param values - what to add to; they must be made for this call. By default, new ones.
 */
export function recordPeer(request: PeerRequest, values: ContextValues = createContextValues()): ContextValues {
  const address = attempt(() => (request.socket as { remoteAddress?: unknown }).remoteAddress);
  return values.set(peerKey, {
    address: typeof address === "string" ? address : undefined,
    certificate: () => attempt(() => certificateOf(request.socket)),
  });
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

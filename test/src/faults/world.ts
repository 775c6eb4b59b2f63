import type { FaultyEndpoint } from "./faulty-endpoint.js";
import type { FaultyIssuer, Token } from "./faulty-issuer.js";
import type { FaultyStore } from "./faulty-store.js";
import type { ServerInstance } from "./server-instance.js";
import type { Timeline } from "./timeline.js";

/** A revocation, and since when it holds. All times in milliseconds since the epoch. */
export interface IssuedRevocation {
  /** The instance that was told to revoke. */
  readonly by: number;
  /** Credentials of a subject that were issued later are not meant. By the wall clock of the instance. */
  readonly wall: number;
  readonly requestedAt: number;
  /** When the instance refuses. Infinite until it has answered. */
  appliedAt: number;
  /** When the store had the revocation, so that other instances can hear of it. Infinite until then. */
  storedAt: number;
}

/** A session of the sessions service. */
export interface Session {
  readonly id: string;
  readonly subject: string;
  /** When the service forgot it. */
  endedAt: number;
}

/** What a caller presents, and what the driver knows of it. */
export type Credential =
  | { readonly kind: "token"; readonly token: Token }
  /** A token that no issuer would have issued: `wrong` says in what. */
  | { readonly kind: "forged token"; readonly text: string; readonly issuer: FaultyIssuer; readonly wrong: string }
  | { readonly kind: "session"; readonly session: Session }
  | { readonly kind: "none" };

/** Everything that can fail, and what it was like at any time. */
export interface World {
  readonly issuers: readonly FaultyIssuer[];
  readonly sessions: FaultyEndpoint;
  readonly store: FaultyStore;
  readonly instances: readonly ServerInstance[];
  /** By what was revoked: `subject:`, `tokenId:` or `credential:`, and the value. */
  readonly revocations: Map<string, IssuedRevocation[]>;
  /** Whether made-up tokens in the name of an issuer take all verifications that it may have at a time. */
  readonly floods: ReadonlyMap<FaultyIssuer, Timeline<boolean>>;
  /** When the machine had no time for the driver; the servers may have had none either. */
  readonly stalls: Timeline<boolean>;
}

/** The revocations that mean a credential, or might. */
export function revocationsOf(
  world: World,
  credential: Credential,
): readonly (IssuedRevocation & { bySubject: boolean })[] {
  const names =
    credential.kind === "token"
      ? [`subject:${credential.token.subject}`, `tokenId:${credential.token.id}`, `credential:${credential.token.text}`]
      : credential.kind === "session"
        ? [`subject:${credential.session.subject}`, `credential:${credential.session.id}`]
        : [];
  return names.flatMap((name) =>
    (world.revocations.get(name) ?? []).map((revocation) => ({ ...revocation, bySubject: name.startsWith("subject") })),
  );
}

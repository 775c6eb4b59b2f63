import { type KeySourceOptions, keySourceOptions } from "../keys/key-source.js";
import { func, optional, required, seconds, text, textOrTexts, withDefault } from "../options/check.js";
import { type OptionTable, type Read, readOptions } from "../options/read-options.js";
import type { Revocation } from "../store/revocation-names.js";
import type { Secrets } from "../trust/secret-matcher.js";

/** A verified security event (RFC 8417). */
export interface SecurityEvent {
  /** The type, such as `https://schemas.openid.net/secevent/caep/event-type/session-revoked`. */
  readonly type: string;
  /** The claims of the event. */
  readonly payload: Readonly<Record<string, unknown>>;
  /** The subject: `sub_id` of the token (RFC 9493), or the `subject` of an older event. */
  readonly subject: Readonly<Record<string, unknown>> | undefined;
}

/** Options of {@link securityEventReceiver}. The keys are those of the transmitter. */
export interface SecurityEventOptions extends KeySourceOptions {
  /** Revokes: `auth.revoke`. */
  readonly revoke: (what: Revocation) => Promise<void>;
  /** Accepted `iss` of the event tokens. */
  readonly issuer: string;
  /** Accepted `aud`. */
  readonly audience: string | readonly string[];
  /** The secret that the transmitter sends as `Authorization: Bearer`, or several. By default, none. */
  readonly secrets?: Secrets;
  /** The `iss` of subjects: the issuer of your callers' tokens. By default, `issuer`. */
  readonly subjectIssuer?: string;
  /** Longest time since `iat`, in seconds. By default, 86400: a day. */
  readonly maxAge?: number;
  /**
   * Returns the credentials to revoke for an event. Undefined accepts the event without an effect. By default, sessions and
   * accounts that end, and credentials that change, revoke the subject of the formats `iss_sub` and `opaque`, and the token of
   * `jwt_id`.
   */
  readonly revocationOf?: (event: SecurityEvent) => Revocation | undefined;
}

type Defaulted = "maxAge";

const securityEventOptions = (): OptionTable<SecurityEventOptions, Defaulted> => ({
  ...keySourceOptions(),
  revoke: required(func),
  issuer: required(text),
  audience: required(textOrTexts),
  // Undefined is refused: the check that was asked for would be missing.
  secrets: { accepts: () => true, expected: "" },
  subjectIssuer: optional(text),
  maxAge: withDefault(seconds, 86_400),
  revocationOf: optional(func),
});

/** @throws TypeError naming the malformed option. */
export function readSecurityEventOptions(options: SecurityEventOptions): Read<SecurityEventOptions, Defaulted> {
  return readOptions("securityEventReceiver", options, securityEventOptions);
}

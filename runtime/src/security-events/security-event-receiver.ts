import { Code } from "@connectrpc/connect";
import { codeOf } from "../errors/failed-verification.js";
import { InvalidCredentialError, type InvalidCredentialReason } from "../errors/invalid-credential-error.js";
import { checkBearerToken, readBearerToken } from "../headers/bearer-token.js";
import { createSignatureVerifier } from "../jwt/signature-verifier.js";
import { checkCanonicalForm } from "../keys/canonical-form.js";
import { createKeySource } from "../keys/key-source.js";
import { refusalOf } from "../keys/refusal.js";
import { monotonicTime } from "../platform/clock.js";
import { createWarning } from "../platform/warn.js";
import { compileSecrets } from "../trust/secret-matcher.js";
import { readBody } from "./read-body.js";
import { revocationOf, UnknownSubjectError } from "./revocation-of.js";
import { readSecurityEventOptions, type SecurityEvent, type SecurityEventOptions } from "./security-event-options.js";

/** Most tokens that are remembered as done. */
const maxDone = 10_000;

/** A verified security event token. */
interface EventToken {
  readonly jti: string;
  readonly events: readonly SecurityEvent[];
}

/** The error codes of RFC 8935 section 2.4. */
type ErrorCode = "invalid_request" | "invalid_key" | "invalid_issuer" | "invalid_audience" | "authentication_failed";

/**
 * Receives security events by HTTP POST (RFC 8935), and revokes the credentials that they end: CAEP's `session-revoked` and
 * `credential-change`, and those of RISC. A fetch handler.
 *
 * It answers 202 when the revocation is done, 400 for an event that it refuses, and 503 if the transmitter should send it again:
 * the key set or the store is out of reach. A token that was done before is accepted without an effect.
 *
 * @throws TypeError for a malformed option.
 *
 * @example
 * const receive = securityEventReceiver({
 *   revoke: auth.revoke,
 *   issuer: "https://login.example.com",
 *   audience: "https://api.example.com",
 *   jwksUri: "https://login.example.com/.well-known/jwks.json",
 * });
 * export default { fetch: (request: Request) => receive(request) };
 */
export function securityEventReceiver(options: SecurityEventOptions): (request: Request) => Promise<Response> {
  const own = readSecurityEventOptions(options);
  const { revoke, issuer, audience, subjectIssuer = issuer, maxAge } = own;
  const find = own.revocationOf ?? ((event: SecurityEvent) => revocationOf(event, subjectIssuer));
  const isTransmitter = "secrets" in own ? compileSecrets(own.secrets, "secrets") : undefined;
  const keys = createKeySource(own);
  const verify = createSignatureVerifier(keys, {
    algorithms: [...keys.algorithms],
    issuer,
    audience: [audience].flat() as string[],
    typ: "secevent+jwt",
    requiredClaims: ["iat", "jti", "events"],
    maxTokenAge: maxAge,
  });
  const warnOfFailure = createWarning("security events cannot be received: the key set or the store fails");
  /** The tokens that are done, by `jti`, with the time after which they are too old anyway. */
  const done = new Map<string, number>();

  async function eventsOf(token: string): Promise<EventToken> {
    checkBearerToken(token);
    const { payload, protectedHeader } = await verify(token);
    checkCanonicalForm(token, protectedHeader, payload);
    const { jti, events, sub_id: subject } = payload;
    if (typeof jti !== "string" || !isObject(events)) {
      throw new InvalidCredentialError("jti or events is malformed", { reason: "claim" });
    }
    return {
      jti,
      events: Object.entries(events).map(([type, given]) => {
        const claims = isObject(given) ? given : {};
        const named = isObject(subject) ? subject : claims["subject"];
        return { type, payload: claims, subject: isObject(named) ? named : undefined };
      }),
    };
  }

  function unavailable(): Response {
    warnOfFailure();
    return new Response(null, { status: 503, headers: { "retry-after": "5" } });
  }

  return async (request) => {
    if (request.method !== "POST") return new Response(null, { status: 405, headers: { allow: "POST" } });
    if (isTransmitter && !isTransmitter(tokenOf(request.headers))) {
      return refuse("authentication_failed", "the transmitter is not known", 401);
    }
    if (!/^application\/secevent\+jwt *(?:;|$)/i.test(request.headers.get("content-type") ?? "")) {
      return refuse("invalid_request", "expected the media type application/secevent+jwt");
    }
    const token = await readBody(request);
    if (token === undefined) return refuse("invalid_request", "the token is too long");
    let found: EventToken;
    try {
      found = await eventsOf(token);
    } catch (cause) {
      const error = refusalOf(cause);
      if (codeOf(error) !== Code.Unauthenticated) return unavailable();
      return refuse(errorCodeOf(error), "the token is not valid");
    }
    if (done.has(found.jti)) return accepted();
    try {
      // All events are mapped before one takes effect.
      const revocations = found.events.map(find).filter((what) => what !== undefined);
      await Promise.all(revocations.map((what) => revoke(what)));
    } catch (error) {
      return error instanceof UnknownSubjectError ? refuse("invalid_request", error.message) : unavailable();
    }
    remember(done, found.jti, monotonicTime() + maxAge * 1_000);
    return accepted();
  };
}

function accepted(): Response {
  return new Response(null, { status: 202 });
}

/** Answers with an error of RFC 8935 section 2.3. */
function refuse(err: ErrorCode, description: string, status = 400): Response {
  // RFC 9110 section 15.5.2 demands a challenge.
  const challenge = status === 401 ? { "www-authenticate": "Bearer" } : undefined;
  return Response.json({ err, description }, { status, headers: { "content-language": "en", ...challenge } });
}

function errorCodeOf(error: unknown): ErrorCode {
  const { reason } = Object(error) as { readonly reason?: InvalidCredentialReason };
  if (reason === "issuer" || reason === "audience") return `invalid_${reason}`;
  return reason === "signature" || reason === "key" || reason === "algorithm" ? "invalid_key" : "invalid_request";
}

/** Returns the Bearer token of the transmitter, or "" without a valid one. */
function tokenOf(headers: Headers): string {
  try {
    return readBearerToken(headers) ?? "";
  } catch {
    return "";
  }
}

function remember(done: Map<string, number>, jti: string, until: number): void {
  const now = monotonicTime();
  for (const [known, end] of done) {
    if (end > now && done.size < maxDone) break;
    done.delete(known);
  }
  done.set(jti, until);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

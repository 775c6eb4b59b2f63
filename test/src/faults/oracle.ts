import type { FaultyIssuer, IssuerKey, Token } from "./faulty-issuer.js";
import type { ServerInstance } from "./server-instance.js";
import type { Moment } from "./server-protocol.js";
import { times } from "./times.js";
import type { Outcome } from "./wire.js";
import { type Credential, revocationsOf, type World } from "./world.js";

/** A call whose outcome is known. */
export interface JudgedCall {
  readonly credential: Credential;
  readonly instance: ServerInstance;
  readonly outcome: Outcome;
  /** Whether each answer belongs to a stream, which outlives the look at its credential. */
  readonly isStream: boolean;
  /** The caller's own deadline, in milliseconds; undefined for none. */
  readonly deadline?: number | undefined;
}

/** What was wrong with a call. */
export interface Complaint {
  readonly kind: "let in" | "refused" | "somebody else" | "hung" | "wrong code" | "outlived";
  readonly why: string;
}

/** For what the machine is slow at, in milliseconds. */
const slack = 1_500;

const { maxAge, maxStale, cooldown, timeout } = times.keySet;
/** The pause after several failed fetches: the cool-down doubled three times. */
const longestPause = 8 * cooldown;
/** How long an endpoint has to be well until callers notice, at the latest: one fetch that still fails, and the pause after it. */
const recovery = timeout + longestPause + slack;
/** The same for the store: a client that reconnects every two seconds, and the pause of a store that failed. */
const storeRecovery = 2_200 + 1_000 + times.storeTimeout + slack;
/** How far a stream may go on after its credential has expired, once the machine is awake. */
const streamLag = 3_000;

/**
 * Judges a call by what was the case while it was made. Where two answers would be right, for example just after a key has
 * been removed, either is.
 */
export function judge(world: World, call: JudgedCall): Complaint | undefined {
  const { outcome, credential } = call;
  for (const answer of outcome.answers) {
    const subject = subjectOf(credential);
    if (subject !== undefined && (answer.subject !== subject || answer.current !== subject)) {
      return { kind: "somebody else", why: `${subject} was taken for ${answer.subject} and ${answer.current}` };
    }
  }
  const [first] = outcome.answers;
  const reason = first && reasonToRefuse(world, call, first.report);
  if (reason !== undefined) return { kind: "let in", why: reason };
  const excess = call.isStream ? outlivedCredential(call) : undefined;
  if (excess !== undefined) return { kind: "outlived", why: excess };

  const { code } = outcome;
  if (code === "ok") return undefined;
  if (code === "hung")
    return isHeldUp(world, call) ? undefined : { kind: "hung", why: `no answer in ${outcome.to - outcome.from} ms` };
  if (code === "DeadlineExceeded" && call.deadline !== undefined) return undefined;
  if (code === "Unauthenticated")
    return mayBeUnauthenticated(world, call) ? undefined : { kind: "refused", why: "invalid" };
  if (code === "Unavailable")
    return mayBeUnavailable(world, call) ? undefined : { kind: "refused", why: "unavailable" };
  return { kind: "wrong code", why: code };
}

function subjectOf(credential: Credential): string | undefined {
  if (credential.kind === "token") return credential.token.subject;
  return credential.kind === "session" ? credential.session.subject : undefined;
}

/** Why no handler may start for this credential at this moment; undefined where one may. */
function reasonToRefuse(world: World, call: JudgedCall, started: Moment): string | undefined {
  const { credential, instance } = call;
  if (credential.kind === "none") return "no credential";
  if (credential.kind === "forged token") return `forged: ${credential.wrong}`;
  // Between the last look and the handler the machine may have stood still.
  if (instance.frozen.ever(started.real - slack, started.real, Boolean)) return undefined;
  for (const { by, wall, appliedAt, storedAt, bySubject } of revocationsOf(world, credential)) {
    if (bySubject && credential.kind === "token" && credential.token.issuedAt > wall) continue;
    if (by === instance.number && started.real > appliedAt + 2) {
      return `revoked here ${started.real - appliedAt} ms before`;
    }
    // While the store is away, an instance knows of the revocations that it has heard of, and of no others.
    const since = started.real - storeRecovery - times.revocationInterval;
    if (world.stalls.ever(since, started.real, Boolean)) continue;
    if (storedAt < since && !world.store.health.ever(since, started.real, (how) => how !== "well")) {
      return `revoked by another instance ${started.real - storedAt} ms before`;
    }
  }
  if (credential.kind === "session") return reasonAgainstSession(instance, credential.session.endedAt, started);
  const { token } = credential;
  if (started.wall > token.expiresAt + 100) return `expired ${started.wall - token.expiresAt} ms before`;
  return reasonAgainstKey(token.issuer, token.key, started);
}

function reasonAgainstSession({ frozen }: ServerInstance, endedAt: number, { real }: Moment): string | undefined {
  // A look that was under way when the session ended, and what it found.
  const longest = times.sessionTimeout + times.sessionCache + slack;
  if (real - endedAt <= longest || frozen.ever(real - longest, real, Boolean)) return undefined;
  return endedAt === 0 ? "there was never such a session" : `the session ended ${real - endedAt} ms before`;
}

function reasonAgainstKey(
  { endpoint: { health } }: FaultyIssuer,
  key: IssuerKey,
  { real }: Moment,
): string | undefined {
  const well = health.longest(key.removedAt, real, (how) => how === "well");
  if (well > maxAge + recovery) return `its key was removed ${real - key.removedAt} ms before`;
  const horizon = maxAge + maxStale + timeout + slack;
  const away = health.longest(real - horizon - 1, real, (how) => how !== "well");
  return away > horizon ? `the key set is older than ${maxAge + maxStale} ms` : undefined;
}

/** Answers of a stream later than its credential allows. */
function outlivedCredential({ credential, instance, outcome }: JudgedCall): string | undefined {
  if (credential.kind !== "token") return undefined;
  const { expiresAt } = credential.token;
  for (const { report } of outcome.answers) {
    const { real } = report.end ?? report;
    if (instance.frozen.ever(outcome.from, real + slack, Boolean)) return undefined;
    // Until the clock is set back, if it is.
    let over = 0;
    for (const { from, to, value } of instance.clock.between(outcome.from, real)) {
      const expired = Math.max(from, expiresAt - value.low);
      if (expired >= to) break;
      over += to - expired;
      if (expired > from) break;
    }
    if (over > streamLag + slack) return `the stream went on ${over} ms after its credential had expired`;
  }
  return undefined;
}

/** Whether the machine stood still, or was too slow, for the call or for what it depends on. */
function isHeldUp({ stalls }: World, { instance, outcome: { from, to } }: JudgedCall): boolean {
  return instance.frozen.ever(from, to, Boolean) || stalls.ever(from - recovery, to + slack, Boolean);
}

function mayBeUnauthenticated(world: World, call: JudgedCall): boolean {
  const { credential, instance, outcome } = call;
  if (credential.kind === "none" || credential.kind === "forged token") return true;
  const { from, to } = outcome;
  const meant = revocationsOf(world, credential).some(({ requestedAt, wall, bySubject }) => {
    if (requestedAt > to) return false;
    // `iat` counts seconds, and issuers may be five seconds ahead.
    return !bySubject || credential.kind === "session" || credential.token.issuedAt <= wall + 7_000;
  });
  if (meant) return true;
  if (credential.kind === "session") return credential.session.endedAt <= to;
  const { expiresAt, issuer, key } = credential.token;
  if (instance.clock.ever(from, to, ({ high }) => to + high >= expiresAt - 50)) return true;
  return key.removedAt <= to || mayBeTakenForOld(issuer, key, from);
}

/** Whether a key set may still have the key that had the name of this one before. */
function mayBeTakenForOld({ endpoint: { health } }: FaultyIssuer, key: IssuerKey, from: number): boolean {
  if (!key.replaces) return false;
  const pause = health.ever(key.publishedAt - recovery, from, (how) => how !== "well") ? recovery : cooldown + slack;
  return health.longest(key.publishedAt, from, (how) => how === "well") < pause;
}

function mayBeUnavailable(world: World, call: JudgedCall): boolean {
  const { credential, outcome } = call;
  const { from, to } = outcome;
  if (credential.kind === "none") return false;
  if (isHeldUp(world, call)) return true;
  if (credential.kind === "session") {
    return world.sessions.health.ever(from - times.sessionTimeout - slack, to, (how) => how !== "well");
  }
  const issuer = credential.kind === "token" ? credential.token.issuer : credential.issuer;
  if (world.floods.get(issuer)?.ever(from - slack, to, Boolean)) return true;
  if (!issuer.endpoint.health.ever(from - recovery, to, (how) => how !== "well")) return false;
  return credential.kind === "forged token" || !hasKey(credential.token, call);
}

/** Whether the instance certainly holds a key set with the token's key, recent enough for the whole call. */
function hasKey({ issuer, key }: Token, { instance, outcome: { from, to } }: JudgedCall): boolean {
  const latest = issuer
    .deliveries(instance.number)
    .filter(({ at }) => at < from - slack)
    .at(-1);
  if (latest === undefined || !latest.keys.has(key)) return false;
  return key.removedAt > to && to < latest.at + maxAge + maxStale - slack;
}

/** What the answer to a call had to be, whatever it was. */
export function expectation(world: World, call: JudgedCall): "ok" | "refused" | "either" {
  const { from, to } = call.outcome;
  let lowest = 0;
  for (const { value } of call.instance.clock.between(from, to)) lowest = Math.min(lowest, value.low);
  if (reasonToRefuse(world, call, { real: from, wall: from + lowest }) !== undefined) return "refused";
  return mayBeUnauthenticated(world, call) || mayBeUnavailable(world, call) ? "either" : "ok";
}

/** How long a caller waits before the call counts as hung: every wait that the server is allowed, one after the other. */
export function patience(hold: number): number {
  return hold + 2 * (timeout + longestPause) + times.sessionTimeout + 4 * times.storeTimeout + 4 * slack;
}

/** How long after the last fault everything has to be well again. */
export const settling: number = Math.max(recovery, storeRecovery);

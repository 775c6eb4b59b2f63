import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { type FaultyIssuer, issueToken, type Token } from "./faulty-issuer.js";
import { forgeToken } from "./forged-tokens.js";
import { type JudgedCall, patience } from "./oracle.js";
import { createRandom, type Random } from "./random.js";
import type { ServerInstance } from "./server-instance.js";
import type { Tallies } from "./tallies.js";
import { sessionCookie } from "./times.js";
import { callPlainly, observe, type Wire } from "./wire.js";
import type { Credential, Session, World } from "./world.js";

/** What callers share. */
export interface Scene {
  readonly world: World;
  readonly tallies: Tallies;
  readonly wires: readonly (readonly Wire[])[];
  readonly seed: number;
  /** Credentials in use, for the revoker. */
  readonly live: Set<Extract<Credential, { kind: "token" | "session" }>>;
  /** Credentials that should not be accepted any more, by why. */
  readonly dead: { readonly why: string; readonly credential: Credential }[];
  /** The sessions that the sessions service knows. */
  readonly sessions: Map<string, Session>;
  /** Whether the callers with tokens of an issuer are away. */
  readonly away: Set<FaultyIssuer>;
  isOver: boolean;
}

/** Puts a credential among those that should not be accepted any more. */
export function bury(scene: Scene, why: string, credential: Credential): void {
  scene.dead.push({ why, credential });
  if (scene.dead.length > 60) scene.dead.shift();
}

/** Makes one call, by a random way to a random instance, and has it judged. */
async function callOnce(scene: Scene, random: Random, caller: string, credential: Credential): Promise<void> {
  const { world } = scene;
  const instance = random.pick(world.instances);
  const wires = scene.wires[instance.number] as readonly Wire[];
  // Slow calls take so long that half of all calls under way are slow.
  const slow = random.chance(0.15);
  const wire = random.pick(wires.filter(({ isSlow }) => isSlow === slow));
  const hold = wire.isSlow ? random.between(0, random.chance(0.3) ? 6_000 : 1_500) : 0;
  const deadline = random.chance(0.05) ? Math.ceil(random.between(50, 2_000)) : undefined;
  const headers = headersOf(credential);
  const outcome = await observe(
    (signal, take) =>
      wire.call({ headers, signal, ...(deadline !== undefined && { timeoutMs: deadline }) }, hold, take),
    patience(hold),
  );
  const call: JudgedCall = { credential, instance, outcome, isStream: wire.isStream, deadline };
  scene.tallies.record(caller, wire.name, world, call, hold);
}

function headersOf(credential: Credential): Record<string, string> {
  if (credential.kind === "token") return { authorization: `Bearer ${credential.token.text}` };
  if (credential.kind === "forged token") return { authorization: `Bearer ${credential.text}` };
  return credential.kind === "session" ? { cookie: `${sessionCookie}=${credential.session.id}` } : {};
}

/** Calls by tokens of an issuer, renewed before or after they expire. */
export async function callByTokens(scene: Scene, issuer: FaultyIssuer, nth: number): Promise<void> {
  const random = createRandom(scene.seed, `${issuer.issuer} caller ${nth}`);
  for (let n = 0; !scene.isOver; n++) {
    const lifetime = random.chance(0.3) ? random.between(1_000, 4_000) : random.between(8_000, 20_000);
    const token = await issueToken(issuer, `${new URL(issuer.issuer).hostname}-${nth}-${n}`, lifetime);
    const credential = { kind: "token", token } as const;
    scene.live.add(credential);
    const renewAt = Date.now() + random.between(1_000, lifetime * 1.1);
    while (!scene.isOver && Date.now() < renewAt) {
      if (!scene.away.has(issuer)) await callOnce(scene, random, `${issuer.issuer}: tokens`, credential);
      await sleep(random.between(20, 150));
    }
    scene.live.delete(credential);
    bury(scene, `${issuer.issuer}: tokens that were left`, credential);
  }
}

/** Calls by sessions, which their service forgets in the end. */
export async function callBySessions(scene: Scene, nth: number): Promise<void> {
  const random = createRandom(scene.seed, `session ${nth}`);
  for (let n = 0; !scene.isOver; n++) {
    const id = `session-${nth}-${n}`;
    const session: Session = { id, subject: `user-${nth}-${n}`, endedAt: Number.POSITIVE_INFINITY };
    const credential = { kind: "session", session } as const;
    scene.sessions.set(id, session);
    scene.live.add(credential);
    const until = Date.now() + random.between(2_000, 15_000);
    while (!scene.isOver && Date.now() < until) {
      await callOnce(scene, random, "sessions", credential);
      await sleep(random.between(20, 150));
    }
    scene.live.delete(credential);
    session.endedAt = Date.now();
    scene.sessions.delete(id);
    bury(scene, "sessions that have ended", credential);
  }
}

/** Goes on calling by credentials that are over: expired, revoked, their key removed, their session ended. */
export async function callByDeadCredentials(scene: Scene, nth: number): Promise<void> {
  const random = createRandom(scene.seed, `dead ${nth}`);
  while (!scene.isOver) {
    const { why, credential } = random.pick(scene.dead) ?? {};
    if (why !== undefined && credential !== undefined) await callOnce(scene, random, why, credential);
    await sleep(random.between(20, 150));
  }
}

/** Issues tokens by keys that are not published any more. */
export async function signByRemovedKeys(scene: Scene): Promise<void> {
  const random = createRandom(scene.seed, "removed keys");
  while (!scene.isOver) {
    await sleep(random.between(500, 1_500));
    const issuer = random.pick(scene.world.issuers);
    const key = random.pick(issuer.removed);
    if (key === undefined) continue;
    const token: Token = await issueToken(issuer, "removed", 60_000, key);
    bury(scene, `${issuer.issuer}: tokens by removed keys`, { kind: "token", token });
  }
}

/** Calls by tokens and sessions that are made up, and by none. */
export async function callByForgeries(scene: Scene, nth: number): Promise<void> {
  const random = createRandom(scene.seed, `forger ${nth}`);
  const [a, b] = scene.world.issuers as readonly [FaultyIssuer, FaultyIssuer];
  for (let n = 0; !scene.isOver; n++) {
    await sleep(random.between(20, 150));
    const what = random.pick(["token", "token", "token", "session", "nothing"] as const);
    if (what === "nothing") {
      await callOnce(scene, random, "no credentials", { kind: "none" });
    } else if (what === "session") {
      const session = { id: `made-up-${nth}-${n}`, subject: "nobody", endedAt: 0 };
      await callOnce(scene, random, "made-up sessions", { kind: "session", session });
    } else {
      const [issuer, other] = random.pick([[a, b] as const, [b, a] as const]);
      const { text, wrong } = await forgeToken(issuer, other, random);
      await callOnce(scene, random, `${issuer.issuer}: forged`, { kind: "forged token", text, issuer, wrong });
    }
  }
}

/** Leaves streams in the middle. Not often: Node takes many for an attack (CVE-2023-44487), and closes the connection. */
export async function leaveStreams(scene: Scene): Promise<void> {
  const random = createRandom(scene.seed, "leaver");
  while (!scene.isOver) {
    await sleep(random.between(200, 400));
    const wire = random.pick(scene.wires.flat().filter(({ isStream }) => isStream));
    const credential = random.pick([...scene.live]);
    if (credential === undefined) continue;
    const leaving = new AbortController();
    const leave = () => leaving.abort();
    // The stream of a caller who is refused ends by itself.
    const call = wire.call({ headers: headersOf(credential), signal: leaving.signal }, 2_000, leave);
    const code = await call.then(
      () => "ok",
      () => "left",
    );
    scene.tallies.recordPlain("streams that clients leave", code, true);
  }
}

/** Calls methods that are open to everybody, and methods that are open to no user. */
export async function callOtherMethods(scene: Scene, instances: readonly ServerInstance[]): Promise<void> {
  const random = createRandom(scene.seed, "other methods");
  const calls = instances.map(({ http2Url }) => ({
    open: callPlainly("publicUnary", http2Url),
    internal: callPlainly("internalUnary", http2Url),
  }));
  while (!scene.isOver) {
    await sleep(random.between(50, 200));
    const { open, internal } = random.pick(calls);
    const headers = headersOf(random.pick([...scene.live]) ?? { kind: "none" });
    const answer = await open({ headers }).catch((error: unknown) => error);
    const code = codeOf(answer);
    // A public method does not look at credentials.
    scene.tallies.recordPlain("public method", code, code === "ok" && (answer as { subject: string }).subject === "");
    const refusal = codeOf(await internal({ headers }).catch((error: unknown) => error));
    scene.tallies.recordPlain("internal method", refusal, refusal === "Unauthenticated");
  }
}

function codeOf(answer: unknown): string {
  return answer instanceof Error ? (Code[ConnectError.from(answer).code] ?? "?") : "ok";
}

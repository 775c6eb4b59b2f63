import { setTimeout as sleep } from "node:timers/promises";
import type { Revocation } from "@connectum/auth";
import { bury, type Scene } from "./callers.js";
import { type EndpointFault, endpointFaults, type FaultyEndpoint } from "./faulty-endpoint.js";
import type { FaultyIssuer } from "./faulty-issuer.js";
import { storeFaults } from "./faulty-store.js";
import { forgeToken } from "./forged-tokens.js";
import { createRandom, type Random } from "./random.js";
import type { ServerInstance } from "./server-instance.js";
import type { Timeline } from "./timeline.js";
import { times } from "./times.js";
import type { IssuedRevocation } from "./world.js";

/** Counts what was done to the servers. */
export class FaultCount {
  readonly counts: Map<string, number> = new Map();

  add(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
}

/** What the actors work on. */
export interface Stage {
  readonly scene: Scene;
  readonly count: FaultCount;
  /** Aborts when the faults are over: whoever waits wakes up, and makes everything well. */
  readonly end: AbortSignal;
}

/** @returns false where the faults are over. */
async function pause(time: number, { end }: Stage): Promise<boolean> {
  await sleep(time, undefined, { signal: end }).catch(() => {});
  return !end.aborted;
}

/** Mostly short, sometimes longer than a key set may be used. */
const outage = (random: Random) => (random.chance(0.15) ? random.between(10_000, 30_000) : random.between(300, 6_000));

/** Makes an endpoint fail, and well again. */
export async function breakEndpoint(
  stage: Stage,
  name: string,
  endpoint: FaultyEndpoint,
  faults: readonly EndpointFault[] = endpointFaults,
): Promise<void> {
  const random = createRandom(stage.scene.seed, name);
  while (await pause(random.between(2_000, 20_000), stage)) {
    const fault = random.pick(faults);
    stage.count.add(`${name}: ${fault}`);
    await endpoint.behave(fault);
    await pause(outage(random), stage);
    await endpoint.behave("well");
  }
}

export async function breakStore(stage: Stage): Promise<void> {
  const { store } = stage.scene.world;
  const random = createRandom(stage.scene.seed, "store");
  while (await pause(random.between(3_000, 25_000), stage)) {
    const fault = random.pick(storeFaults);
    stage.count.add(`store: ${fault}`);
    await store.behave(fault);
    await pause(random.between(300, 6_000), stage);
    await store.behave("well");
  }
}

/** Steps the wall clock of an instance, stops its process, or both at once, as a machine that sleeps and wakes does. */
export async function breakClock(stage: Stage, instance: ServerInstance): Promise<void> {
  const random = createRandom(stage.scene.seed, `clock ${instance.number}`);
  while (await pause(random.between(3_000, 20_000), stage)) {
    // Two clocks together are less than a day apart, which is how long revocations are kept in the store.
    const far = random.chance(0.5) ? random.between(3_600_000, 39_600_000) : random.between(2_000, 30_000);
    const by = Math.round(random.chance(0.5) ? far : -far);
    if (random.chance(0.3)) {
      stage.count.add("clock: asleep");
      await instance.freeze(random.between(300, 2_500), random.chance(0.5) ? Math.abs(by) : 0);
    } else {
      stage.count.add(by > 0 ? "clock: forward" : "clock: back");
      await instance.stepClock(by);
    }
    await pause(random.between(500, 6_000), stage);
    await instance.stepClock(0);
  }
}

/** Changes the keys of an issuer. */
export async function rotateKeys(stage: Stage, issuer: FaultyIssuer): Promise<void> {
  const random = createRandom(stage.scene.seed, `${issuer.issuer} keys`);
  while (await pause(random.between(3_000, 15_000), stage)) {
    stage.count.add(`${issuer.issuer}: new key`);
    await issuer.rotate();
    await pause(random.between(2_000, 8_000), stage);
    issuer.removeOldest();
  }
}

/** Sends more made-up tokens in the name of an issuer than may be verified at a time, while its endpoint does not answer. */
export async function flood(stage: Stage, issuer: FaultyIssuer, other: FaultyIssuer, isFlooded: Timeline<boolean>) {
  const { scene, count } = stage;
  const random = createRandom(scene.seed, `${issuer.issuer} flood`);
  while (await pause(random.between(500, 2_000), stage)) {
    const { current } = issuer.endpoint.health;
    if ((current !== "hang" && current !== "drip") || random.chance(0.5)) continue;
    count.add(`${issuer.issuer}: flood`);
    isFlooded.set(true);
    const { http1Url } = random.pick(scene.world.instances);
    const url = `${http1Url}/lab.v1.EchoService/Unary`;
    const tokens = await Promise.all(Array.from({ length: 150 }, () => forgeToken(issuer, other, random)));
    await Promise.all(
      tokens.map(async ({ text }) => {
        const headers = { "content-type": "application/json", authorization: `Bearer ${text}` };
        const response = await fetch(url, { method: "POST", headers, body: "{}" });
        await response.text();
        if (response.ok) scene.tallies.complain("flood", { kind: "let in", why: "made-up token" }, "");
      }),
    );
    isFlooded.set(false);
  }
}

/** Lets the callers of an issuer be away for longer than its key set may age. */
export async function quieten(stage: Stage): Promise<void> {
  const { scene } = stage;
  const random = createRandom(scene.seed, "quiet");
  while (await pause(random.between(10_000, 40_000), stage)) {
    const issuer = random.pick(scene.world.issuers);
    scene.away.add(issuer);
    stage.count.add(`${issuer.issuer}: callers away`);
    await pause(times.keySet.maxAge + random.between(500, 9_000), stage);
    scene.away.delete(issuer);
  }
}

/** Revokes credentials that are in use, at one of the instances; tells it again until the store has taken the revocation. */
export async function revokeSome(stage: Stage): Promise<void> {
  const { scene, count } = stage;
  const random = createRandom(scene.seed, "revoker");
  while (await pause(random.between(500, 2_500), stage)) {
    const credential = random.pick([...scene.live]);
    if (credential === undefined) continue;
    const [name, value] =
      credential.kind === "session"
        ? random.pick([
            ["subject", credential.session.subject] as const,
            ["credential", credential.session.id] as const,
          ])
        : random.pick([
            ["subject", credential.token.subject] as const,
            ["tokenId", credential.token.id] as const,
            ["credential", credential.token.text] as const,
          ]);
    count.add(`revocations by ${name}`);
    bury(scene, "revoked credentials", credential);
    void revoke(stage, random.pick(scene.world.instances), `${name}:${value}`, {
      [name]: value,
    } as unknown as Revocation);
  }
}

async function revoke({ scene, count, end }: Stage, instance: ServerInstance, name: string, what: Revocation) {
  for (let isStored = false; !isStored && !end.aborted; ) {
    const shift = instance.clock.current;
    const revocation: IssuedRevocation = {
      by: instance.number,
      wall: Date.now() + shift.high,
      requestedAt: Date.now(),
      appliedAt: Number.POSITIVE_INFINITY,
      storedAt: Number.POSITIVE_INFINITY,
    };
    const { revocations } = scene.world;
    revocations.set(name, [...(revocations.get(name) ?? []), revocation]);
    const { applied, taken = false } = await instance.revoke(what);
    if (applied !== undefined) Object.assign(revocation, { appliedAt: applied.real, wall: applied.wall });
    isStored = taken;
    if (isStored) revocation.storedAt = Date.now();
    else {
      count.add("revocations that the store did not take");
      await sleep(500);
    }
  }
}

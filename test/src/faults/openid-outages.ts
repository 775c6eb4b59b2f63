import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { createAuth, jwt } from "@connectum/auth";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { EchoService } from "../gen/lab/v1/lab_pb.js";
import { audience, type OpenIdProvider, startOpenIdProvider } from "../servers/openid-provider.js";
import { type Lab, startLab } from "../support/lab.js";
import { type Answer, createTally, startLoad, type Tally, tallyCall, until } from "./load.js";

/** How the server under test keeps the key set, in milliseconds: everything happens in seconds, not hours. */
export const keySetTimes = { maxAge: 1_000, maxStale: 60_000, cooldown: 400, timeout: 800 };

/** A provider, a server that trusts it, and clients of both. */
export interface OpenIdScene {
  readonly provider: OpenIdProvider;
  readonly subjects: readonly string[];
  /** A call by a token; over Connect and gRPC in turn. */
  call(token: string, nth?: number): Promise<Answer>;
  stop(): Promise<void>;
}

export async function startOpenIdScene(clients = 50): Promise<OpenIdScene> {
  const subjects = Array.from({ length: clients }, (_, i) => `client-${i}`);
  const provider = await startOpenIdProvider(subjects, 300);
  const auth = createAuth({
    policies: [EchoServicePolicy],
    authenticate: jwt({
      jwksUri: provider.jwksUri,
      issuer: provider.issuer,
      audience,
      typ: "at+jwt",
      jwks: keySetTimes,
    }),
  });
  const lab: Lab = await startLab(auth);
  const echoes = [createClient(EchoService, lab.transports.connect), createClient(EchoService, lab.transports.grpc)];
  return {
    provider,
    subjects,
    call(token, nth = 0) {
      const echo = echoes[nth % echoes.length] as (typeof echoes)[number];
      return echo.unary({ text: "x" }, { headers: { authorization: `Bearer ${token}` } });
    },
    async stop() {
      await lab.close();
      await provider.stop();
    },
  };
}

/** Every client calls by a token that it renews every few calls, while the provider changes its key. */
export async function rotateUnderLoad({ provider, subjects, call }: OpenIdScene, rotations: number): Promise<Tally> {
  const tokens = new Map<string, string>();
  const load = startLoad(
    subjects,
    async (subject, nth) => {
      if (nth % 5 === 0) tokens.set(subject, await provider.issueToken(subject));
      return call(tokens.get(subject) as string, nth);
    },
    50,
  );
  for (let i = 0; i < rotations; i++) {
    await sleep(1_000);
    await provider.rotate();
  }
  await sleep(500);
  return load.stop();
}

export interface OutageReport {
  /** Calls by valid tokens while the key endpoint was away, some of tokens that the server had never seen. */
  readonly known: Tally;
  /** Calls by tokens of a key that the server had never seen. */
  readonly unseen: Tally;
  /** Requests that arrived at the key endpoint while it failed. */
  readonly keyRequestsDuring: number;
  /** How long after the end of the outage a token of the unseen key was accepted, in milliseconds. */
  readonly recoveredAfter: number;
  /** Requests at the key endpoint from the end of the outage until a second after the recovery. */
  readonly keyRequestsAfter: number;
}

/** Takes the key endpoint away for longer than the key set may age, and brings it back, under load. */
export async function outliveOutage(
  { provider, subjects, call }: OpenIdScene,
  how: "closed" | "failing" | "hanging",
  duration: number,
): Promise<OutageReport> {
  // Half of the callers change to a token that the server sees for the first time during the outage.
  const issue = () => Promise.all(subjects.map((subject) => provider.issueToken(subject)));
  const [first, second] = [await issue(), await issue()];
  await Promise.all(subjects.map((_, i) => call(first[i] as string)));

  if (how === "closed") await provider.takeDown();
  else provider.behave(how);
  const start = Date.now();
  const requestsBefore = provider.keyRequests;
  await provider.rotate();
  const stranger = await provider.issueToken("client-0");
  const load = startLoad(
    subjects,
    (subject, nth) => {
      const i = subjects.indexOf(subject);
      const token = i % 2 === 0 && Date.now() - start > keySetTimes.maxAge * 1.5 ? second[i] : first[i];
      return call(token as string, nth);
    },
    30,
  );
  const unseen = createTally();
  while (Date.now() - start < duration) {
    await tallyCall(unseen, "client-0", () => call(stranger));
    await sleep(100);
  }
  const requestsAtEnd = provider.keyRequests;
  if (how === "closed") await provider.bringUp();
  else provider.behave("well");
  const recovery = createTally();
  const recoveredAfter = await until(
    async () => (await tallyCall(recovery, "client-0", () => call(stranger))) === "ok",
    10_000,
  );
  await sleep(1_000);
  return {
    known: await load.stop(),
    unseen,
    keyRequestsDuring: requestsAtEnd - requestsBefore,
    recoveredAfter,
    keyRequestsAfter: provider.keyRequests - requestsAtEnd,
  };
}

import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createAuth, session } from "@connectum/auth";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { EchoService } from "../gen/lab/v1/lab_pb.js";
import { type BetterAuthServer, startBetterAuth } from "../servers/better-auth-server.js";
import { type Lab, startLab } from "../support/lab.js";

describe("sessions of better-auth", () => {
  let sessions: BetterAuthServer;
  beforeAll(async () => {
    sessions = await startBetterAuth();
  });
  afterAll(() => sessions?.stop());

  async function start(
    cache: { ttl: number } | false,
  ): Promise<[Lab, (cookie: string) => Promise<string>, () => number]> {
    let lookups = 0;
    const auth = createAuth({
      policies: [EchoServicePolicy],
      authenticate: session({
        verifySession(_, headers) {
          lookups++;
          return sessions.getSession(headers);
        },
        mapSession: ({ user, session }) => ({ subject: user.name, expiresAt: session.expiresAt }),
        cache,
      }),
    });
    const lab = await startLab(auth);
    const echo = createClient(EchoService, lab.transports.connect);
    const call = (cookie: string) =>
      echo.unary({ text: "x" }, { headers: { cookie } }).then(
        ({ subject }) => subject,
        (error) => Code[ConnectError.from(error).code] as string,
      );
    return [lab, call, () => lookups];
  }

  test("end within the cache's ttl after sign-out", async () => {
    const ttl = 1_000;
    const [lab, call, lookups] = await start({ ttl });
    const [ada, bob] = await Promise.all([sessions.signUp("ada"), sessions.signUp("bob")]);
    expect([await call(ada), await call(bob), await call(ada)]).toEqual(["ada", "bob", "ada"]);
    expect(lookups()).toBe(2);
    await sessions.signOut(ada);
    const signedOutAt = Date.now();
    let last = signedOutAt;
    while ((await call(ada)) === "ada") {
      last = Date.now();
      await sleep(20);
      expect(last - signedOutAt).toBeLessThan(ttl + 500);
    }
    expect(await call(ada)).toBe("Unauthenticated");
    expect(last - signedOutAt).toBeLessThanOrEqual(ttl);
    expect(await call(bob)).toBe("bob");
    await lab.close();
  });

  test("end at once without a cache", async () => {
    const [lab, call] = await start(false);
    const cookie = await sessions.signUp("eve");
    expect(await call(cookie)).toBe("eve");
    await sessions.signOut(cookie);
    expect(await call(cookie)).toBe("Unauthenticated");
    await lab.close();
  });

  test("cannot be made up", async () => {
    const [lab, call] = await start({ ttl: 1_000 });
    const cookie = await sessions.signUp("grace");
    const [name = "", value = ""] = cookie.split("=");
    expect(await call(cookie)).toBe("grace");
    for (const forged of [`${name}=`, `${name}=x`, `${name}=${value.slice(0, -4)}AAAA`, `other=${value}`]) {
      expect([forged, await call(forged)]).toEqual([forged, "Unauthenticated"]);
    }
    await lab.close();
  });
});

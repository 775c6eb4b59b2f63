import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  keySetTimes,
  type OpenIdScene,
  outliveOutage,
  rotateUnderLoad,
  startOpenIdScene,
} from "../faults/openid-outages.js";

describe("50 clients of an OpenID provider", () => {
  let scene: OpenIdScene;
  beforeAll(async () => {
    scene = await startOpenIdScene(50);
  });
  afterAll(() => scene?.stop());

  test("are served while it changes its key", async () => {
    const { calls, ok, strangers } = await rotateUnderLoad(scene, 5);
    expect({ ok, strangers }).toEqual({ ok: calls, strangers: 0 });
    expect(calls).toBeGreaterThan(300);
    // One fetch at the start, one for each new key, and one each time the set has aged.
    expect(scene.provider.keyRequests).toBeLessThan(20);
  });

  test.each(["closed", "failing", "hanging"] as const)("are served while its key endpoint is away: %s", async (how) => {
    const duration = 4 * keySetTimes.maxAge;
    const { known, unseen, keyRequestsDuring, recoveredAfter, keyRequestsAfter } = await outliveOutage(
      scene,
      how,
      duration,
    );
    expect(known).toEqual({ calls: known.ok, ok: known.ok, failed: new Map(), strangers: 0 });
    expect(known.ok).toBeGreaterThan(300);
    expect([...unseen.failed.keys()]).toEqual(["Unavailable"]);
    expect(unseen.ok).toBe(0);
    // At most one request per cool-down, whoever asks.
    expect(keyRequestsDuring).toBeLessThanOrEqual(1 + duration / keySetTimes.cooldown);
    if (how !== "closed") expect(keyRequestsDuring).toBeGreaterThan(0);
    expect(recoveredAfter).toBeLessThan(10_000);
    expect(keyRequestsAfter).toBeGreaterThan(0);
    expect(keyRequestsAfter).toBeLessThanOrEqual(1 + (recoveredAfter + 1_000) / keySetTimes.cooldown);
  });
});

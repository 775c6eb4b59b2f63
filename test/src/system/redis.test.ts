import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { flapRedisUnderLoad, type RedisScene, shareSessions, startRedisScene } from "../faults/redis-outages.js";

describe("two servers that share a Redis", () => {
  let scene: RedisScene;
  beforeAll(async () => {
    scene = await startRedisScene();
  });
  afterAll(() => scene?.stop());

  test("look a session up once", async () => {
    const { tally, verifications } = await shareSessions(scene, "first", 40);
    expect(tally).toEqual({ calls: 80, ok: 80, failed: new Map(), strangers: 0 });
    expect(verifications).toBe(40);
  });

  test("serve every session while Redis is killed and restarted, and let nobody in", async () => {
    const { known, forged, slowest } = await flapRedisUnderLoad(scene, 2);
    expect(known).toEqual({ calls: known.calls, ok: known.calls, failed: new Map(), strangers: 0 });
    expect(known.calls).toBeGreaterThan(200);
    expect(forged).toEqual({
      calls: forged.calls,
      ok: 0,
      failed: new Map([["Unauthenticated", forged.calls]]),
      strangers: 0,
    });
    expect(forged.calls).toBeGreaterThan(10);
    expect(slowest).toBeLessThan(2_000);
  });

  test("look a session up twice while Redis is away, and once when it is back", async () => {
    await scene.redis.kill();
    expect((await shareSessions(scene, "away", 10)).verifications).toBe(20);
    await scene.redis.restart();
    await expect
      .poll(async () => (await shareSessions(scene, `back-${Date.now()}`, 10)).verifications, { timeout: 10_000 })
      .toBe(10);
  });
});

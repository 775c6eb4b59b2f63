import { fileURLToPath } from "node:url";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { createClient as createRedisClient } from "@keyv/redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EchoService } from "../gen/lab/v1/lab_pb.js";
import { startProcess, type TestProcess } from "../servers/child-process.js";
import { type RedisServer, startRedis } from "../servers/redis-server.js";
import { startTokenProvider, type TokenProvider } from "../servers/token-provider.js";

const program = fileURLToPath(new URL("../../dist/system/introspection-server.js", import.meta.url));

/** Milliseconds: long enough for a loaded machine to answer within it. */
const ttl = 3_000;

describe("two servers whose opaque tokens one provider describes, and that share a Redis", () => {
  let provider: TokenProvider;
  let redis: RedisServer;
  let reader: ReturnType<typeof createRedisClient>;
  let servers: readonly TestProcess[] = [];
  let calls: readonly ((token: string) => Promise<string>)[];

  beforeAll(async () => {
    [provider, redis] = await Promise.all([startTokenProvider(), startRedis()]);
    reader = createRedisClient({ url: redis.url });
    reader.on("error", () => {});
    await reader.connect();
    const args = [program, redis.url, provider.issuer, String(ttl)];
    const start = () => startProcess(process.execPath, args, (output) => output.includes("ready"));
    servers = await Promise.all([start(), start()]);
    calls = servers.map(({ output }) => {
      const baseUrl = /^ready (\S+)$/m.exec(output())?.[1] ?? "";
      const echo = createClient(EchoService, createGrpcTransport({ baseUrl }));
      return (token) =>
        echo.unary({ text: "x" }, { headers: { authorization: `Bearer ${token}` }, timeoutMs: 20_000 }).then(
          ({ subject }) => subject,
          (error) => Code[ConnectError.from(error).code] ?? "",
        );
    });
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop("SIGKILL")));
    reader?.destroy();
    await Promise.all([redis?.stop(), provider?.stop()]);
  });
  const everywhere = (token: string) => Promise.all(calls.map((call) => call(token)));
  const second = (token: string) => calls[1]?.(token);
  /** Calls the first server, and waits until Redis has the description. */
  async function first(token: string): Promise<string | undefined> {
    const before = new Set(await reader.keys("*"));
    const answer = await calls[0]?.(token);
    await expect.poll(async () => (await reader.keys("*")).some((key) => !before.has(key))).toBe(true);
    return answer;
  }

  test("the second server takes the description of the first from Redis", async () => {
    const token = await provider.issueUserToken("ada");
    const before = provider.introspections;
    expect([await first(token), await second(token)]).toEqual(["ada", "ada"]);
    expect(provider.introspections - before).toBe(1);
  });

  test("100 calls at once with one new token are one request for each server, at most", async () => {
    const token = await provider.issueUserToken("ada");
    const before = provider.introspections;
    const answers = await Promise.all(Array.from({ length: 50 }, () => everywhere(token)));
    expect(new Set(answers.flat())).toEqual(new Set(["ada"]));
    expect(provider.introspections - before).toBeLessThanOrEqual(2);
  });

  test("a token that the provider revoked is refused by both when the description is too old", async () => {
    const token = await provider.issueUserToken("ada");
    const start = Date.now();
    expect(await everywhere(token)).toEqual(["ada", "ada"]);
    await provider.revoke(token);
    await expect.poll(() => everywhere(token), { timeout: 20_000 }).toEqual(["Unauthenticated", "Unauthenticated"]);
    expect(Date.now() - start).toBeGreaterThan(ttl - 100);
    // Asked from here on: an entry of Redis is no younger than its first description.
    expect(await everywhere(await provider.issueUserToken("ada"))).toEqual(["ada", "ada"]);
  });

  test("while the provider is away, descriptions count until they are too old; then nobody is let in or called invalid", async () => {
    const [known, unknown] = [await provider.issueUserToken("ada"), await provider.issueUserToken("bob")];
    expect(await first(known)).toBe("ada");
    await provider.takeDown();
    expect(await second(known)).toBe("ada");
    expect(await everywhere(unknown)).toEqual(["Unavailable", "Unavailable"]);
    await expect.poll(() => everywhere(known), { timeout: 20_000 }).toEqual(["Unavailable", "Unavailable"]);
    await provider.bringUp();
    await expect.poll(() => everywhere(unknown), { timeout: 20_000 }).toEqual(["bob", "bob"]);
    expect(await everywhere(known)).toEqual(["ada", "ada"]);
  });

  test("while Redis is away, each server asks the provider", async () => {
    await redis.kill();
    const token = await provider.issueUserToken("ada");
    expect(await everywhere(token)).toEqual(["ada", "ada"]);
    expect(await everywhere("a-guess")).toEqual(["Unauthenticated", "Unauthenticated"]);
    await redis.restart();
  });

  test("no server logged a token", async () => {
    const token = await provider.issueUserToken("ada");
    provider.behave(401);
    expect(await everywhere(token)).toEqual(["Unavailable", "Unavailable"]);
    provider.behave("well");
    for (const { output } of servers) {
      expect(output()).toContain("refuses this server as a client (HTTP status 401)");
      expect(output()).not.toContain(token);
    }
  });
});

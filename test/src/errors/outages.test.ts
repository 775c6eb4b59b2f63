import { readFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { runInNewContext } from "node:vm";
import { Code, ConnectError } from "@connectrpc/connect";
import { createAuthInterceptor, InvalidCredentialError } from "@connectum/auth";
import { createClient } from "@keyv/redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { refused, tryIt, unavailable } from "../support/call.js";

/** The answer to a call whose verifier throws this. */
const answerTo = (error: unknown) =>
  tryIt(createAuthInterceptor({ verifyCredentials: () => Promise.reject(error) }), { authorization: "Bearer x" });

describe("the table in docs/authentication.md", () => {
  const text = readFileSync(new URL("../../../docs/authentication.md", import.meta.url), "utf8");
  const section = text.split("### An outage is not a bad credential")[1]?.split(/\n##+ /)[0] ?? "";
  const rows = section
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map(
      (line) =>
        line
          .split("|")
          .slice(1, -1)
          .map((cell) => cell.trim()) as [string, string, string],
    );
  const quoted = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string);
  const codeName = (snake: string) => snake.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase());

  test("has rows", () => expect(rows.length).toBeGreaterThan(15));
  test.each(rows)("%s: %s", async (kind, examples, answer) => {
    const [path = ""] = quoted(kind);
    for (const example of quoted(examples)) {
      const error = kind.includes("`ConnectError`")
        ? new ConnectError("hunter2", Code[codeName(example) as keyof typeof Code])
        : withTrait(path.split("."), example);
      const got = await answerTo(error);
      expect([example, got.code]).toEqual([example, codeName(quoted(answer)[0] ?? example)]);
      expect(got.text).not.toContain("hunter2");
    }
  });

  function withTrait([first = "", ...rest]: string[], value: string): object {
    if (rest.length > 0)
      return Object.assign(new Error("x"), {
        [first]: first === "errors" ? [withTrait(rest.slice(1), value)] : withTrait(rest, value),
      });
    return Object.assign(new Error("x"), { [first]: /^[45]\d\d$/.test(value) ? Number(value) : value });
  }
});

/** What the tests use of a client of Redis. */
interface RedisClient {
  connect(): Promise<unknown>;
  get(key: string): Promise<unknown>;
  destroy(): void;
}

describe("real errors", () => {
  const servers: { close(): unknown }[] = [];
  const sockets = new Set<Socket>();
  let dead = "";
  let hanging = "";
  let dropping = "";
  let failing = "";
  let redis = "";
  const listen = async (server: Server) => {
    servers.push(server.listen(0, "127.0.0.1"));
    server.on("connection", (socket) => sockets.add(socket.on("error", () => {})));
    await new Promise((resolve) => server.once("listening", resolve));
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  };

  beforeAll(async () => {
    const gone = createServer();
    dead = await listen(gone);
    await new Promise((resolve) => gone.close(resolve));
    hanging = await listen(createServer());
    dropping = await listen(createServer((socket) => socket.once("data", () => socket.destroy())));
    failing = await listen(createHttpServer((_, res) => res.writeHead(503).end("<html>")));
    // As Redis answers while it starts.
    redis = await listen(
      createServer((socket) =>
        socket.on("data", (data) => {
          const commands = data.toString().match(/\*\d+\r\n/g) ?? [];
          const reply = data.includes("GET") ? "-LOADING Redis is loading the dataset in memory\r\n" : "+OK\r\n";
          socket.write(reply.repeat(commands.length));
        }),
      ),
    );
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers) server.close();
  });

  const thrownBy = async (run: () => unknown): Promise<unknown> => {
    try {
      await run();
    } catch (error) {
      return error;
    }
    throw new Error("expected an error");
  };
  const redisGet = async (address: string, prepare: (client: RedisClient) => unknown) => {
    const client = createClient({ url: `redis://${address}`, socket: { reconnectStrategy: false } });
    client.on("error", () => {});
    try {
      await prepare(client);
      await client.get("key");
    } finally {
      if (client.isOpen) client.destroy();
    }
  };

  test.each<[string, () => unknown]>([
    [
      "node:net, refused",
      () => new Promise((_, reject) => connect(Number(dead.split(":")[1]), "127.0.0.1").on("error", reject)),
    ],
    ["fetch, refused", () => fetch(`http://${dead}`)],
    ["fetch, dropped", () => fetch(`http://${dropping}`)],
    ["fetch, timed out", () => fetch(`http://${hanging}`, { signal: AbortSignal.timeout(20) })],
    ["fetch, aborted", () => fetch(`http://${hanging}`, { signal: AbortSignal.abort() })],
    ["fetch, TLS where there is none", () => fetch(`https://${failing}`)],
    ["fetch, all of several", () => Promise.any([fetch(`http://${dead}`), fetch(`http://${dropping}`)])],
    [
      "fetch, 503 thrown with its response",
      async () => Promise.reject(Object.assign(new Error("no"), { response: await fetch(`http://${failing}`) })),
    ],
    ["node-redis, refused", () => redisGet(dead, (client) => client.connect())],
    ["node-redis, never opened", () => redisGet(dead, () => {})],
    ["node-redis, dropped", () => redisGet(dropping, (client) => client.connect())],
    ["node-redis, while Redis starts", () => redisGet(redis, (client) => client.connect())],
    [
      "node-redis, disconnected",
      () =>
        redisGet(hanging, (client) => {
          client.connect().catch(() => {});
          const answer = client.get("key");
          client.destroy();
          return answer;
        }),
    ],
    [
      "an error of another realm",
      () => runInNewContext(`throw Object.assign(new Error("x"), { code: "ECONNREFUSED" })`),
    ],
    [
      "a cause of another realm",
      () =>
        runInNewContext(
          `throw new Error("x", { cause: new AggregateError([Object.assign(new Error("y"), { code: "08006" })]) })`,
        ),
    ],
    [
      "a fetch's error of another realm",
      () =>
        runInNewContext("throw new TypeError('fetch failed', { cause: error })", {
          error: Object.assign(new Error("x"), { code: "CERT_HAS_EXPIRED" }),
        }),
    ],
  ])("%s", async (_, run) => expect(await answerTo(await thrownBy(run))).toEqual(unavailable));
});

/** As the libraries threw them at dead, hanging and dropping ports: what `name`, class, `message` and own properties were. */
const captured: [string, { kind?: string; message: string; [name: string]: unknown }][] = [
  [
    "ioredis 6, no retries left",
    { name: "MaxRetriesPerRequestError", message: "Reached the max retries per request limit (which is 1)." },
  ],
  ["ioredis 6, closed", { message: "Connection is closed." }],
  ["ioredis 6, no queue", { message: "Stream isn't writeable and enableOfflineQueue options is false" }],
  ["ioredis 6, commandTimeout", { message: "Command timed out" }],
  ["ioredis 6, cluster", { message: "None of startup nodes is available" }],
  [
    "ioredis 5, cluster",
    {
      name: "ClusterAllFailedError",
      message: "Failed to refresh slots cache.",
      lastNodeError: new Error("Connection is closed."),
    },
  ],
  [
    "ioredis 6, sentinels",
    { message: "All sentinels are unreachable and retry is disabled. Last error: Connection is closed." },
  ],
  [
    "ioredis 6, too many clients",
    { name: "ReplyError", kind: "SimpleError", message: "ERR max number of clients reached" },
  ],
  ["node-redis 5, offline", { kind: "ClientOfflineError", message: "The client is offline" }],
  [
    "node-redis 5, socketTimeout",
    { kind: "SocketTimeoutError", message: "Socket timeout timeout. Expecting data, but didn't receive any in 200ms." },
  ],
  ["node-redis 5, gave up", { kind: "ReconnectStrategyError", message: "gave up" }],
  ["pg, pool", { message: "timeout exceeded when trying to connect" }],
  ["pg, connectionTimeoutMillis", { message: "timeout expired" }],
  ["pg, query_timeout", { message: "Query read timeout" }],
  ["pg, dropped", { message: "Connection terminated unexpectedly" }],
  ["pg, after it was dropped", { message: "Client has encountered a connection error and is not queryable" }],
  ["pg, pool ended", { message: "Cannot use a pool after calling end on the pool" }],
  [
    "pg, our own password",
    {
      name: "error",
      kind: "DatabaseError",
      message: "password authentication failed",
      severity: "FATAL",
      code: "28P01",
    },
  ],
  [
    "axios 1, refused",
    { kind: "AxiosError", isAxiosError: true, code: "ECONNREFUSED", message: "connect ECONNREFUSED 127.0.0.1:1" },
  ],
  [
    "axios 1, timeout",
    { name: "AxiosError", isAxiosError: true, code: "ECONNABORTED", message: "timeout of 200ms exceeded" },
  ],
  ["axios 1, no answer", { name: "AxiosError", isAxiosError: true, code: "ERR_BAD_RESPONSE", message: "x" }],
  [
    "axios 1, 503",
    {
      name: "AxiosError",
      isAxiosError: true,
      code: "ERR_BAD_RESPONSE",
      status: 503,
      response: { status: 503 },
      message: "x",
    },
  ],
  ["axios 1, canceled", { name: "CanceledError", isAxiosError: true, code: "ERR_CANCELED", message: "canceled" }],
  [
    "mongodb 7, no server",
    { name: "MongoServerSelectionError", message: "connection <monitor> to 127.0.0.1:1 closed" },
  ],
  ["mongodb 7, closed", { name: "MongoTopologyClosedError", message: "Topology is closed" }],
  [
    "mongodb 7, a new primary",
    { name: "MongoServerError", codeName: "NotWritablePrimary", code: 10107, message: "not primary" },
  ],
  [
    "mysql2 3, closed",
    { fatal: true, code: "PROTOCOL_CONNECTION_LOST", message: "Connection lost: The server closed the connection." },
  ],
  [
    "mysql2 3, too many",
    { code: "ER_CON_COUNT_ERROR", errno: 1040, sqlState: "08004", message: "Too many connections" },
  ],
  [
    "mysql2 3, a lock",
    { code: "ER_LOCK_WAIT_TIMEOUT", errno: 1205, sqlState: "HY000", message: "Lock wait timeout exceeded" },
  ],
  [
    "prisma, no server",
    { name: "PrismaClientInitializationError", errorCode: "P1001", message: "Can't reach database server" },
  ],
  [
    "sequelize, refused",
    { name: "SequelizeError", message: "x", parent: Object.assign(new Error("x"), { code: "ECONNREFUSED" }) },
  ],
  ["grpc-js, unavailable", { code: 14, details: "No connection established", metadata: {}, message: "14 UNAVAILABLE" }],
  ["aws-sdk 3, 500", { name: "InternalErrorException", $metadata: { httpStatusCode: 500 }, message: "x" }],
  [
    "a socket file that is not there",
    { code: "ENOENT", syscall: "connect", message: "connect ENOENT /run/redis.sock" },
  ],
  ["a session file that cannot be read", { code: "EACCES", syscall: "open", message: "EACCES: permission denied" }],
];

const refusals: [string, { kind?: string; message: string; [name: string]: unknown }][] = [
  [
    "axios 1, 401",
    {
      name: "AxiosError",
      isAxiosError: true,
      code: "ERR_BAD_REQUEST",
      status: 401,
      response: { status: 401 },
      message: "Request failed with status code 401",
    },
  ],
  [
    "pg, raised by a function of the schema",
    { name: "error", severity: "ERROR", code: "28P01", message: "invalid user or password" },
  ],
  ["mysql2 3, a duplicate", { code: "ER_DUP_ENTRY", errno: 1062, sqlState: "23000", message: "Duplicate entry" }],
  [
    "mongodb 7, a duplicate",
    { name: "MongoServerError", code: 11000, codeName: "DuplicateKey", message: "E11000 duplicate key error" },
  ],
  [
    "a session file that is not there",
    { code: "ENOENT", syscall: "open", message: "ENOENT: no such file or directory" },
  ],
  ["jose, expired", { name: "JWTExpired", code: "ERR_JWT_EXPIRED", message: '"exp" claim timestamp check failed' }],
  ["a login that timed out", { name: "SessionTimeoutError", message: "the session has timed out" }],
  ["a client that is not known", { message: "Client authentication failed: unknown client" }],
  ["a code that is no SQLSTATE", { code: "40101", message: "token revoked" }],
  ["an exception of the DOM with the number of a gRPC code", { name: "NotFoundError", code: 8, message: "not found" }],
];

function build({ kind = "Error", ...traits }: { kind?: string; message: string; [name: string]: unknown }): Error {
  const Kind = { [kind]: class extends Error {} }[kind] as typeof Error;
  return Object.assign(new Kind(traits.message), traits);
}

describe("errors as libraries threw them", () => {
  test.each(captured)("%s", async (_, traits) => expect(await answerTo(build(traits))).toEqual(unavailable));
  test.each(refusals)("no outage: %s", async (_, traits) =>
    expect(await answerTo(build(traits))).toMatchObject(refused()),
  );
});

describe("what decides", () => {
  const lost = Object.assign(new Error("x"), { code: "ECONNRESET" });
  test.each<[string, unknown, object]>([
    ["one of several that could not be found out", new AggregateError([new Error("invalid token"), lost]), unavailable],
    [
      "several that all refused",
      new AggregateError([new Error("invalid token"), new InvalidCredentialError("x")]),
      refused(),
    ],
    [
      "several in a cause",
      new Error("x", { cause: new AggregateError([new Error("y", { cause: lost })]) }),
      unavailable,
    ],
    [
      "an invalid credential of another copy of this package",
      Object.assign(new Error("x", { cause: lost }), { name: "InvalidCredentialError" }),
      refused(),
    ],
    [
      "an invalid credential behind another error",
      new Error("x", { cause: new InvalidCredentialError("x", { cause: lost }) }),
      refused(),
    ],
    [
      "a refusal of connect because of a lost connection",
      new ConnectError("x", Code.Unauthenticated, undefined, undefined, lost),
      refused(),
    ],
    [
      "an outage of connect behind another error",
      new Error("x", { cause: new ConnectError("x", Code.Unavailable) }),
      unavailable,
    ],
    [
      "a ConnectError of another realm",
      runInNewContext(`Object.assign(new Error("x"), { name: "ConnectError", code: ${Code.Unavailable} })`),
      unavailable,
    ],
    [
      "an error that cannot be looked at",
      Object.defineProperty(new Error("x"), "code", {
        get: () => {
          throw new Error("no");
        },
      }),
      refused(),
    ],
    [
      "an error with 100,000 errors, none of which is one",
      new AggregateError(Array(100_000).fill(new Error("x"))),
      refused(),
    ],
  ])("%s", async (_, error, want) => expect(await answerTo(error)).toMatchObject(want));

  test("a code of connect is kept, and its text, headers and details are not", async () => {
    const error = new ConnectError("hunter2 at 10.0.0.7", Code.ResourceExhausted, { "set-cookie": "a=b" });
    expect(await answerTo(error)).toEqual({
      code: "ResourceExhausted",
      text: "Authentication failed",
      challenge: null,
    });
  });
});

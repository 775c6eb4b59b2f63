import { Code, ConnectError, createClient, createRouterTransport, type HandlerContext } from "@connectrpc/connect";
import {
  assertAuthorized,
  authorizeMethods,
  type CreateAuthOptions,
  createAuth,
  createRevocations,
  credentials,
  type Revocations,
  type ServicePolicy,
} from "@connectum/auth";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { EchoService } from "../gen/lab/v1/lab_pb.js";

type Streams = NonNullable<CreateAuthOptions["streams"]>;

beforeEach(() => vi.useFakeTimers({ toFake: ["Date", "performance", "setInterval", "clearInterval"] }));
/** Ends the streams of a test. */
const closings: (() => void)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0)) close();
  // An open stream would keep a timer that no longer runs, for tests after this one too.
  await vi.waitFor(() => expect(vi.getTimerCount()).toBe(0));
  vi.useRealTimers();
});

const lifetime = 3_600_000;
const row = { access: "requires", roles: [], scopes: [], permissions: ["lab.read"] } as const;
const policies: readonly ServicePolicy[] = [
  {
    typeName: EchoService.typeName,
    methods: { Unary: row, ServerStream: row, ClientStream: row, BidiStream: row },
  },
];

/** What happens to a caller while a stream is open. */
const happenings: Readonly<Record<Happening, (world: World) => unknown>> = {
  expiry: () => void vi.setSystemTime(Date.now() + lifetime),
  revocation: (world: World) => world.revocations.revoke({ subject: "ada" }),
  "a lost permission": (world: World) => {
    world.held.length = 0;
    world.forget();
  },
};
type Happening = "expiry" | "revocation" | "a lost permission";

interface World {
  readonly revocations: Revocations;
  readonly held: string[];
  forget(): void;
}

const kinds = ["server", "client", "bidi"] as const;

/** A server, and a stream whose messages the test sends one by one: those of the client, or of the server. */
async function open(kind: (typeof kinds)[number], options: Partial<CreateAuthOptions>, asserts = false) {
  const revocations = createRevocations();
  const held = ["lab.read"];
  const expiresAt = new Date(Date.now() + lifetime);
  const auth = createAuth({
    policies,
    authenticate: credentials({ verifyCredentials: () => ({ subject: "ada", expiresAt }) }),
    grants: () => [...held],
    revocations,
    checks: [authorizeMethods(EchoService, { clientStream: () => true, bidiStream: () => true })],
    ...options,
  });
  const [sent, received] = [queue(), [] as string[]];
  const assert = (context: HandlerContext) => asserts && assertAuthorized(context);
  const transport = createRouterTransport(
    ({ rpc }) => {
      rpc(EchoService.method.serverStream, async function* (_, context) {
        for await (const text of sent.texts) {
          assert(context);
          yield { text };
        }
      });
      rpc(EchoService.method.clientStream, async (messages, context) => {
        for await (const { text } of messages) {
          assert(context);
          received.push(text);
        }
        return {};
      });
      rpc(EchoService.method.bidiStream, async function* (messages, context) {
        for await (const { text } of messages) {
          assert(context);
          yield { text };
        }
      });
    },
    { router: auth },
  );
  const client = createClient(EchoService, transport);
  const abort = new AbortController();
  closings.push(() => {
    abort.abort();
    sent.close();
  });
  const callOptions = { headers: { authorization: "Bearer ada" }, signal: abort.signal };
  const messages = (async function* () {
    for await (const text of sent.texts) yield { text };
  })();
  const state = { ended: "" };
  const run = async () => {
    if (kind === "client") return void (await client.clientStream(messages, callOptions));
    const answers = kind === "server" ? client.serverStream({}, callOptions) : client.bidiStream(messages, callOptions);
    for await (const { text } of answers) received.push(text);
  };
  void run().then(
    () => (state.ended = "ok"),
    (error) => (state.ended = Code[ConnectError.from(error).code] as string),
  );
  const send = async (text: string) => {
    sent.push(text);
    await vi.waitFor(() => expect(state.ended !== "" || received.includes(text)).toBe(true));
  };
  await send("first");
  return { world: { revocations, held, forget: () => auth.forgetGrants() }, state, received, send, close: sent.close };
}

/** An iterable whose items come later. */
function queue() {
  const waiting: (() => void)[] = [];
  const items: string[] = [];
  let isClosed = false;
  const wake = () => {
    for (const resolve of waiting.splice(0)) resolve();
  };
  return {
    push(text: string) {
      items.push(text);
      wake();
    },
    close() {
      isClosed = true;
      wake();
    },
    texts: (async function* () {
      while (!isClosed || items.length > 0) {
        if (items.length === 0) await new Promise<void>((resolve) => waiting.push(resolve));
        const item = items.shift();
        if (item !== undefined) yield item;
      }
    })(),
  };
}

/** What ends a stream, by the documentation. */
function endsBy(streams: Streams, happening: Happening): boolean {
  if (streams === "all") return true;
  return streams === (happening === "expiry" ? "expiry" : "revocation");
}
const cases = (["all", "expiry", "revocation", "none"] as const).flatMap((streams) =>
  (Object.keys(happenings) as Happening[]).flatMap((happening) =>
    kinds.map((kind) => ({ streams, happening, kind, end: endsBy(streams, happening) ? "ends" : "does not end" })),
  ),
);

describe("an open stream", () => {
  test.each(cases)(
    'with streams: "$streams", $happening $end one: $kind',
    async ({ streams, happening, kind, end }) => {
      const { world, state, received, send, close } = await open(kind, { streams });
      await happenings[happening](world);
      await vi.advanceTimersByTimeAsync(2_000);
      await send("second");
      if (end === "ends") {
        expect(state.ended).toBe(happening === "a lost permission" ? "PermissionDenied" : "Unauthenticated");
        expect(received).toEqual(["first"]);
        return;
      }
      expect([state.ended, received]).toEqual(["", ["first", "second"]]);
      close();
      await vi.waitFor(() => expect(state.ended).toBe("ok"));
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  test.each(["all", "none"] as const)('with streams: "%s", assertAuthorized agrees', async (streams) => {
    const { world, state, received, send } = await open("bidi", { streams }, true);
    happenings.expiry(world);
    await send("second");
    const ended = { ended: "Unauthenticated", received: ["first"] };
    const open_ = { ended: "", received: ["first", "second"] };
    expect({ ...state, received }).toEqual(streams === "all" ? ended : open_);
  });
});

test.each(["all", "none"] as const)(
  'with streams: "%s", no stream begins with a credential that expires during its checks',
  async (streams) => {
    for (const late of [false, true]) {
      const grants = async () => {
        if (late) vi.setSystemTime(Date.now() + lifetime);
        return ["lab.read"];
      };
      const opened = await open("bidi", { streams, grants });
      expect([late, opened.state.ended, opened.received]).toEqual(
        late ? [true, "Unauthenticated", []] : [false, "", ["first"]],
      );
    }
  },
);

test("a word that is not known is refused", () => {
  const options = { policies, authenticate: credentials({ verifyCredentials: () => undefined }) };
  expect(() => createAuth({ ...options, streams: "never" as never })).toThrow(
    'streams: expected "all" or "expiry" or "revocation" or "none", got "never"',
  );
});

import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import type { TestKeySet } from "@connectum/auth/testing";
import { AccessService, EchoService } from "../gen/lab/v1/lab_pb.js";
import { internalSecret } from "./lab.js";

/** A server that a scenario calls. */
export interface RuntimeTarget {
  /** The address for requests beside the services. */
  readonly baseUrl: string;
  readonly transport: Transport;
  readonly keySet: TestKeySet;
}

/** Calls a server, and returns the answer in a few words. */
type Scenario = (target: RuntimeTarget) => Promise<string>;

const issuer = "https://login.example.com";

/** The headers of a caller with a token of its own. */
async function as(keySet: TestKeySet, subject: string, roles: string[] = [], expiresIn: number | string = 300) {
  const token = await keySet.sign({ sub: subject, roles }, { issuer, audience: "lab", expiresIn });
  return { headers: { authorization: `Bearer ${token}` } };
}

async function* texts(...list: string[]) {
  for (const text of list) yield { text };
}

/** The subjects that a handler saw: one, if context values and async context agree. */
const who = ({ subject, current }: { subject: string; current: string }) => [...new Set([subject, current])].join("/");

/** Reads a stream until it ends, and returns the number of messages before `end` and the code of its end. */
async function readOn(stream: AsyncIterable<object>, act: (count: number) => unknown): Promise<string> {
  let count = 0;
  try {
    for await (const _ of stream) await act(++count);
    return `ended after ${count}`;
  } catch (error) {
    return `${count > 1 ? "messages" : "nothing"}, then ${Code[ConnectError.from(error).code]}`;
  }
}

interface RuntimeScenario {
  readonly run: Scenario;
  readonly want: string;
  /** True if it is answered before its request has ended. */
  readonly needsDuplex?: boolean;
}

/** The calls that every runtime must answer, with the answers. */
export const scenarios: Readonly<Record<string, RuntimeScenario>> = {
  "public method, no credential": {
    want: "hi",
    run: async ({ transport }) => (await createClient(EchoService, transport).publicUnary({ text: "hi" })).text,
  },
  "no credential": {
    want: "Unauthenticated",
    run: async ({ transport }) => codeOf(createClient(EchoService, transport).unary({ text: "hi" })),
  },
  "forged token": {
    want: "Unauthenticated",
    async run({ transport, keySet }) {
      const { headers } = await as(keySet, "mallory");
      const [head, , signature] = headers.authorization.split(".");
      const claims = { sub: "ada", iss: issuer, aud: "lab", exp: 4e9 };
      const forged = `${head}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.${signature}`;
      return codeOf(createClient(EchoService, transport).unary({ text: "hi" }, { headers: { authorization: forged } }));
    },
  },
  "token of the key set": {
    want: "ada hi",
    async run({ transport, keySet }) {
      const answer = await createClient(EchoService, transport).unary({ text: "hi" }, await as(keySet, "ada"));
      return `${who(answer)} ${answer.text}`;
    },
  },
  "50 calls at once with a new token": {
    want: "50 of bo",
    async run({ transport, keySet }) {
      const options = await as(keySet, "bo");
      const client = createClient(EchoService, transport);
      const answers = await Promise.all(Array.from({ length: 50 }, () => client.unary({ text: "hi" }, options)));
      return `${answers.length} of ${[...new Set(answers.map(who))]}`;
    },
  },
  "without the role": {
    want: "PermissionDenied",
    run: async ({ transport, keySet }) =>
      codeOf(createClient(AccessService, transport).role({ text: "hi" }, await as(keySet, "ada", ["guest"]))),
  },
  "with the role": {
    want: "ada",
    run: async ({ transport, keySet }) =>
      who(await createClient(AccessService, transport).role({ text: "hi" }, await as(keySet, "ada", ["editor"]))),
  },
  "server stream": {
    want: "ada ada ada",
    async run({ transport, keySet }) {
      const seen: string[] = [];
      for await (const answer of createClient(EchoService, transport).serverStream({}, await as(keySet, "ada"))) {
        if (seen.push(who(answer)) === 3) break;
      }
      return seen.join(" ");
    },
  },
  "client stream": {
    want: "ada abc",
    async run({ transport, keySet }) {
      const client = createClient(EchoService, transport);
      const answer = await client.clientStream(texts("a", "b", "c"), await as(keySet, "ada"));
      return `${who(answer)} ${answer.text}`;
    },
  },
  "bidirectional stream": {
    needsDuplex: true,
    want: "ada:a ada:b",
    async run({ transport, keySet }) {
      const seen: string[] = [];
      const stream = createClient(EchoService, transport).bidiStream(texts("a", "b"), await as(keySet, "ada"));
      for await (const answer of stream) seen.push(`${who(answer)}:${answer.text}`);
      return seen.join(" ");
    },
  },
  "internal method, token of a user": {
    want: "Unauthenticated",
    run: async ({ transport, keySet }) =>
      codeOf(createClient(EchoService, transport).internalUnary({ text: "hi" }, await as(keySet, "ada"))),
  },
  "internal method, secret of a service": {
    want: "billing",
    run: async ({ transport }) =>
      who(
        await createClient(EchoService, transport).internalUnary(
          { text: "hi" },
          { headers: { "x-internal-secret": internalSecret } },
        ),
      ),
  },
  "stream whose token expires": {
    want: "messages, then Unauthenticated",
    run: async ({ transport, keySet }) =>
      readOn(createClient(EchoService, transport).serverStream({}, await as(keySet, "ada", [], 2)), () => {}),
  },
  "stream whose caller is revoked": {
    want: "messages, then Unauthenticated",
    async run({ transport, keySet, baseUrl }) {
      const subject = `eve-${randomUUID()}`;
      const stream = createClient(EchoService, transport).serverStream({}, await as(keySet, subject));
      return readOn(stream, (count) => (count === 2 ? fetch(`${baseUrl}/revoke?subject=${subject}`) : undefined));
    },
  },
  "revoked caller": {
    want: "Unauthenticated",
    async run({ transport, keySet, baseUrl }) {
      await fetch(`${baseUrl}/revoke?subject=eve`);
      return codeOf(createClient(EchoService, transport).unary({ text: "hi" }, await as(keySet, "eve")));
    },
  },
  "metadata for OAuth clients": {
    want: "https://api.example.com",
    async run({ baseUrl }) {
      const response = await fetch(`${baseUrl}/.well-known/oauth-protected-resource`);
      return ((await response.json()) as { resource: string }).resource;
    },
  },
  "key set out of reach": {
    want: "Unavailable, then ada",
    async run({ transport, keySet }) {
      const client = createClient(EchoService, transport);
      await keySet.rotate();
      keySet.fail(503);
      const options = await as(keySet, "ada");
      const refused = await codeOf(client.unary({ text: "hi" }, options));
      keySet.fail(undefined);
      for (let i = 0; i < 100; i++) {
        const answer = await client.unary({ text: "hi" }, options).catch(() => undefined);
        if (answer) return `${refused}, then ${who(answer)}`;
        await sleep(200);
      }
      return `${refused}, and then nothing`;
    },
  },
};

/** The code of a call that must fail. */
async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "let in";
  } catch (error) {
    const { code, rawMessage } = ConnectError.from(error);
    return code === Code.Internal ? `Internal: ${rawMessage}` : Code[code];
  }
}

import {
  Code,
  ConnectError,
  createClient,
  createRouterTransport,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
import { EchoService } from "../gen/lab/v1/lab_pb.js";
import { type Lab, startLab, unaryRoute } from "./lab.js";

/** Every kind of RPC. */
export const kinds = ["unary", "server", "client", "bidi"] as const;
export type Kind = (typeof kinds)[number];

/** Whom the handler saw, by context values and by getAuthContext(): they must agree at every message. */
interface Seen {
  readonly subject: string;
  readonly current: string;
}

/** Calls a method of this kind; gives the subject that the handler saw, the same in all messages. */
export async function callAs(transport: Transport, kind: Kind, headers: HeadersInit): Promise<string> {
  const client = createClient(EchoService, transport);
  const options = { headers };
  const one = async function* () {
    yield { text: "a" };
    yield { text: "b" };
  };
  switch (kind) {
    case "unary":
      return subjectOf([await client.unary({}, options)], 1);
    case "server":
      return subjectOf(await all(client.serverStream({}, options)), 3);
    case "client":
      return subjectOf([await client.clientStream(one(), options)], 1);
    case "bidi":
      return subjectOf(await all(client.bidiStream(one(), options)), 2);
  }
}

/** The code, text and challenges of a refusal, or `ok` with the subject. */
export async function outcome(call: Promise<string>): Promise<Outcome> {
  try {
    return { code: "ok", text: await call, challenge: null };
  } catch (error) {
    const { code, rawMessage, metadata } = ConnectError.from(error);
    return { code: Code[code] ?? "", text: rawMessage, challenge: metadata.get("www-authenticate") };
  }
}

export interface Outcome {
  readonly code: string;
  readonly text: string;
  readonly challenge: string | null;
}

/** One unary call over the router transport, for what does not depend on the transport. */
export async function tryIt(interceptors: Interceptor | Interceptor[], headers: HeadersInit = {}): Promise<Outcome> {
  const wiring = { interceptors: [interceptors].flat() };
  return outcome(callAs(createRouterTransport(unaryRoute, { router: wiring }), "unary", headers));
}

export const refused = (text = "Invalid credentials") => ({ code: "Unauthenticated", text });
export const missing = refused("Missing credentials");
export const unavailable = { code: "Unavailable", text: "Authentication is unavailable", challenge: null };
export const ok = (subject = "ada") => ({ code: "ok", text: subject, challenge: null });

/** Starts a lab, uses it, and closes it. */
export async function withLab<T>(wiring: Parameters<typeof startLab>[0], use: (lab: Lab) => Promise<T>): Promise<T> {
  const lab = await startLab(wiring);
  try {
    return await use(lab);
  } finally {
    await lab.close();
  }
}

async function all<T>(messages: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const message of messages) list.push(message);
  return list;
}

function subjectOf(seen: readonly Seen[], count: number): string {
  if (seen.length !== count) throw new Error(`${seen.length} messages instead of ${count}`);
  const subjects = new Set(seen.flatMap(({ subject, current }) => [subject, current]));
  if (subjects.size !== 1) throw new Error(`several identities in one call: ${[...subjects].join(", ")}`);
  return [...subjects][0] as string;
}

import { request as http1Request } from "node:http";
import { type ClientHttp2Session, connect } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { type CallOptions, type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { EchoService } from "../gen/lab/v1/lab_pb.js";
import type { HandlerReport } from "./server-protocol.js";

/** An answer of a handler, or one message of its stream. */
export interface Answer {
  readonly subject: string;
  readonly current: string;
  readonly report: HandlerReport;
}

/** What a call came to. */
export interface Outcome {
  /** When the call was made, and when it was over, in milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
  readonly code: "ok" | "hung" | keyof typeof Code;
  readonly answers: readonly Answer[];
}

interface Plain {
  readonly text: string;
  readonly subject: string;
  readonly current: string;
}

interface WireOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** The caller's deadline. By default, none. */
  readonly timeoutMs?: number;
}

/** One way to make a call. */
export interface Wire {
  readonly name: string;
  /** Whether the credential is looked at before the call is over: its messages come one by one. */
  readonly isStream: boolean;
  /** Whether the client keeps something back. */
  readonly isSlow: boolean;
  /**
   * @param hold - how long the client keeps back the rest of its message or stream, in milliseconds.
   * @throws ConnectError
   */
  call(options: WireOptions, hold: number, take: (answer: Plain) => void): Promise<void>;
}

/** Every way to call an instance that answers at `http1Url` and `http2Url`. */
export function createWires(http1Url: string, http2Url: string): { readonly wires: readonly Wire[]; close(): void } {
  const clients: Record<string, Client<typeof EchoService>> = {
    "connect over HTTP/1.1": createClient(
      EchoService,
      createConnectTransport({ baseUrl: http1Url, httpVersion: "1.1" }),
    ),
    "connect over h2c": createClient(EchoService, createConnectTransport({ baseUrl: http2Url, httpVersion: "2" })),
    gRPC: createClient(EchoService, createGrpcTransport({ baseUrl: http2Url })),
    "gRPC-Web": createClient(EchoService, createGrpcWebTransport({ baseUrl: http2Url, httpVersion: "2" })),
  };
  const session = createSession(http2Url);
  const wires: Wire[] = [
    {
      name: "unary, slow body, HTTP/1.1",
      isStream: false,
      isSlow: true,
      call: (options, hold, take) => slowHttp1(http1Url, options, hold).then(take),
    },
    {
      name: "unary, slow body, h2c",
      isStream: false,
      isSlow: true,
      call: (options, hold, take) => slowHttp2(session.get(), options, hold).then(take),
    },
  ];
  for (const [name, client] of Object.entries(clients)) {
    wires.push(
      {
        name: `unary, ${name}`,
        isStream: false,
        isSlow: false,
        call: async (options, _, take) => take(await client.unary({}, options)),
      },
      {
        name: `stream of the server, ${name}`,
        isStream: true,
        isSlow: false,
        async call(options, _, take) {
          for await (const message of client.serverStream({}, options)) take(message);
        },
      },
      {
        name: `stream of the client, ${name}`,
        isStream: true,
        isSlow: true,
        async call(options, hold, take) {
          take(await client.clientStream(slowMessages(hold), options));
        },
      },
    );
  }
  const h2c = clients["connect over h2c"] as Client<typeof EchoService>;
  wires.push({
    name: "both streams",
    isStream: true,
    isSlow: true,
    async call(options, hold, take) {
      for await (const message of h2c.bidiStream(manyMessages(hold), options)) take(message);
    },
  });
  return { wires, close: session.close };
}

/** Calls a method without a message to hold back. */
export function callPlainly(
  method: "publicUnary" | "internalUnary",
  http2Url: string,
): (options: CallOptions) => Promise<Plain> {
  const client = createClient(EchoService, createConnectTransport({ baseUrl: http2Url, httpVersion: "2" }));
  return (options) => client[method]({}, options);
}

/** Makes a call, and notes what it came to. A call that is not over after `patience` milliseconds counts as hung. */
export async function observe(
  call: (signal: AbortSignal, take: (answer: Plain) => void) => Promise<void>,
  patience: number,
): Promise<Outcome> {
  const from = Date.now();
  const answers: Answer[] = [];
  const aborter = new AbortController();
  const timer = setTimeout(() => aborter.abort(), patience);
  let code: Outcome["code"] = "ok";
  try {
    await call(aborter.signal, ({ text, subject, current }) => {
      answers.push({ subject, current, report: JSON.parse(text) as HandlerReport });
    });
  } catch (error) {
    const { code: number } = ConnectError.from(error);
    code = aborter.signal.aborted ? "hung" : (Code[number] as keyof typeof Code);
  } finally {
    clearTimeout(timer);
  }
  return { from, to: Date.now(), code, answers };
}

async function* slowMessages(hold: number): AsyncGenerator<{ text: string }> {
  yield { text: "first" };
  await sleep(hold, undefined, { ref: false });
  yield { text: "last" };
}

async function* manyMessages(time: number): AsyncGenerator<{ text: string }> {
  for (const start = Date.now(); Date.now() - start < time; ) {
    yield { text: "x" };
    await sleep(250, undefined, { ref: false });
  }
}

const path = "/lab.v1.EchoService/Unary";
const body = '{"text":"x"}';

function headersOf({ headers, timeoutMs }: WireOptions): Record<string, string> {
  const deadline = timeoutMs === undefined ? {} : { "connect-timeout-ms": String(timeoutMs) };
  return { ...headers, ...deadline, "content-type": "application/json" };
}

/** A unary call over HTTP/1.1 whose headers arrive at once and whose body comes later. */
function slowHttp1(url: string, options: WireOptions, hold: number): Promise<Plain> {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    const request = http1Request(
      new URL(path, url),
      { method: "POST", agent: false, signal, headers: { ...headersOf(options), "content-length": body.length } },
      (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => {
          text += chunk;
        });
        response.on("end", () => settle(response.statusCode ?? 0, text, resolve, reject));
        response.on("error", reject);
      },
    );
    request.on("error", reject);
    request.flushHeaders();
    const timer = setTimeout(() => request.end(body), hold);
    request.on("close", () => clearTimeout(timer));
  });
}

/** The same over h2c. */
function slowHttp2(session: ClientHttp2Session, options: WireOptions, hold: number): Promise<Plain> {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    const stream = session.request({ ":method": "POST", ":path": path, ...headersOf(options) }, { signal });
    let status = 0;
    let text = "";
    stream.on("response", (answer) => {
      status = answer[":status"] ?? 0;
    });
    stream.on("data", (chunk: Buffer) => {
      text += chunk;
    });
    stream.on("end", () => settle(status, text, resolve, reject));
    stream.on("error", reject);
    const timer = setTimeout(() => stream.end(body), hold);
    stream.on("close", () => clearTimeout(timer));
  });
}

function settle(
  status: number,
  text: string,
  resolve: (answer: Plain) => void,
  reject: (error: unknown) => void,
): void {
  try {
    const { code, ...answer } = JSON.parse(text) as Plain & { code?: string };
    if (status === 200) resolve(answer);
    else reject(new ConnectError(`status ${status}`, codeOf(code)));
  } catch {
    reject(new ConnectError(`status ${status}: ${text}`, Code.Internal));
  }
}

/** The code that the Connect protocol writes as `permission_denied`. */
function codeOf(name = ""): Code {
  const found = Object.entries(Code).find(([key]) => key.toLowerCase() === name.replaceAll("_", ""));
  return found === undefined ? Code.Unknown : (found[1] as Code);
}

/** A session that is opened again where it has ended. */
function createSession(url: string): { get(): ClientHttp2Session; close(): void } {
  let session: ClientHttp2Session | undefined;
  return {
    get() {
      if (session === undefined || session.closed || session.destroyed) {
        session = connect(url).on("error", () => {});
        session.unref();
      }
      return session;
    },
    close: () => session?.destroy(),
  };
}

import * as http from "node:http";
import * as http2 from "node:http2";
import type { AddressInfo } from "node:net";
import { type ConnectRouter, createClient, createRouterTransport, type Transport } from "@connectrpc/connect";
import {
  type ConnectNodeAdapterOptions,
  connectNodeAdapter,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { authContextKey, getAuthContext } from "@connectum/auth";
import { AccessService, EchoService, PlainService } from "../gen/lab/v1/lab_pb.js";

type Wiring = Pick<ConnectNodeAdapterOptions, "interceptors" | "requestGate" | "contextValues">;

/** What handlers see of their caller, by both ways of asking. */
function seen(context: { values: { get(key: typeof authContextKey): { subject: string } | undefined } }, text = "") {
  return { text, subject: context.values.get(authContextKey)?.subject ?? "", current: getAuthContext()?.subject ?? "" };
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 1));

async function unary(request: { text: string }, context: Parameters<typeof seen>[0]) {
  await pause();
  return seen(context, request.text);
}

/** The lab's unary method alone: a router with all methods takes longer to make than a call takes. */
export function unaryRoute(router: ConnectRouter): void {
  router.rpc(EchoService.method.unary, unary);
}

/** The lab's services. Streaming handlers are generators, or functions that return an iterable (`BidiStream`). */
export function labRoutes(wiring: Wiring = {}): (router: ConnectRouter) => void {
  return (router) => {
    const inProcess = () => createClient(EchoService, createRouterTransport(labRoutes(wiring), { router: wiring }));
    router.service(EchoService, {
      unary,
      async *serverStream(request, context) {
        for (let i = 0; i < 3; i++) {
          await pause();
          yield seen(context, `${request.text}${i}`);
        }
      },
      async clientStream(requests, context) {
        const texts: string[] = [];
        for await (const request of requests) texts.push(request.text);
        return seen(context, texts.join(""));
      },
      bidiStream(requests, context) {
        const it = requests[Symbol.asyncIterator]();
        return {
          [Symbol.asyncIterator]: () => ({
            async next() {
              const { done, value } = await it.next();
              return done === true ? { done, value: undefined } : { done: false, value: seen(context, value.text) };
            },
          }),
        };
      },
      async publicUnary(request, context) {
        await pause();
        return seen(context, request.text);
      },
      async *publicServerStream(request, context) {
        await pause();
        yield seen(context, request.text);
      },
      internalUnary: (request, context) => seen(context, request.text),
      async nested(request, context) {
        const inner = await inProcess().publicUnary({ text: request.text });
        return seen(context, `inner:${inner.subject}:${inner.current}`);
      },
    });
    const answer = (request: { text: string }, context: Parameters<typeof seen>[0]) => seen(context, request.text);
    router.service(AccessService, {
      public: answer,
      authenticated: answer,
      role: answer,
      scope: answer,
      allow: answer,
      deny: answer,
      internal: answer,
      internalRole: answer,
      unspecified: answer,
    });
    router.service(PlainService, {
      get: answer,
      async *list(request, context) {
        yield seen(context, request.text);
      },
    });
  };
}

/** A running server with a client transport for every protocol. */
export interface Lab {
  /** Connect, gRPC and gRPC-Web over HTTP/2 cleartext, Connect over HTTP/1.1, and the in-memory router transport. */
  readonly transports: Readonly<Record<"connect" | "grpc" | "grpc-web" | "connect-h1" | "router", Transport>>;
  readonly http1Url: string;
  readonly http2Url: string;
  close(): Promise<void>;
}

/** Protocols that carry every kind of RPC. `connect-h1` cannot carry bidirectional streams. */
export const protocols = ["connect", "grpc", "grpc-web", "router"] as const;

/**
 * Starts the lab's services behind real servers on loopback.
 *
 * @param ports - of the servers for HTTP/1.1 and HTTP/2. By default, any.
 */
export async function startLab(
  wiring: Wiring,
  routes = labRoutes(wiring),
  ports: readonly [number, number] = [0, 0],
): Promise<Lab> {
  const http1 = http.createServer(connectNodeAdapter({ routes, ...wiring }));
  const h2 = http2.createServer(connectNodeAdapter({ routes, ...wiring }));
  const sessions = new Set<http2.ServerHttp2Session>();
  h2.on("session", (session) => sessions.add(session).size && session.once("close", () => sessions.delete(session)));
  const [http1Url, http2Url] = (await Promise.all(
    [http1, h2].map((server, i) => listen(server, ports[i] as number)),
  )) as [string, string];
  return {
    http1Url,
    http2Url,
    transports: {
      connect: createConnectTransport({ baseUrl: http2Url, httpVersion: "2" }),
      grpc: createGrpcTransport({ baseUrl: http2Url }),
      "grpc-web": createGrpcWebTransport({ baseUrl: http2Url, httpVersion: "2" }),
      "connect-h1": createConnectTransport({ baseUrl: http1Url, httpVersion: "1.1" }),
      router: createRouterTransport(routes, { router: wiring }),
    },
    async close() {
      http1.closeAllConnections();
      for (const session of sessions) session.destroy();
      await Promise.all([http1, h2].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

function listen(server: http.Server | http2.Http2Server, port: number): Promise<string> {
  return new Promise((resolve) => {
    server.listen(port, "127.0.0.1", () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

import {
  create,
  type DescMessage,
  type DescMethodStreaming,
  type DescMethodUnary,
  fromJson,
  type JsonValue,
  type MessageShape,
  toJson,
} from "@bufbuild/protobuf";
import { ConnectError, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import type { Client } from "./client.js";

/** connect-es: Connect over HTTP/1.1, as in a browser. */
export function connectEs(http1Url: string): Client {
  return clientOf(
    "connect-es connect/1.1",
    createConnectTransport({ baseUrl: http1Url, httpVersion: "1.1" }),
    () => {},
  );
}

/** connect-es: gRPC over HTTP/2. */
export function connectEsGrpc(baseUrl: string): Client {
  const sessionManager = new Http2SessionManager(baseUrl);
  return clientOf("connect-es grpc", createGrpcTransport({ baseUrl, sessionManager }), () => sessionManager.abort());
}

/** connect-es: gRPC-Web over HTTP/2. */
export function connectEsGrpcWeb(baseUrl: string): Client {
  const sessionManager = new Http2SessionManager(baseUrl);
  const transport = createGrpcWebTransport({ baseUrl, httpVersion: "2", sessionManager });
  return clientOf("connect-es grpcweb", transport, () => sessionManager.abort());
}

/** Calls a method by its descriptor. An application uses the typed `createClient(OrderService, transport)` instead. */
function clientOf(name: string, transport: Transport, close: () => void): Client {
  return {
    name,
    async call({ method, messages, token }) {
      const header: HeadersInit = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const requests = messages.map((message) => fromJson(method.input, message));
      const responses: JsonValue[] = [];
      const collect = (response: MessageShape<DescMessage>) =>
        responses.push(toJson(method.output, response) as JsonValue);
      try {
        if (method.methodKind === "unary") {
          const [request = create(method.input)] = requests;
          collect((await transport.unary(method as DescMethodUnary, undefined, undefined, header, request)).message);
        } else {
          const answer = await transport.stream(
            method as DescMethodStreaming,
            undefined,
            undefined,
            header,
            iterate(requests),
          );
          for await (const response of answer.message) collect(response);
        }
        return { ok: true, messages: responses };
      } catch (error) {
        if (error instanceof ConnectError) return { ok: false, code: error.code };
        throw error;
      }
    },
    close,
  };
}

async function* iterate<T>(items: readonly T[]): AsyncIterable<T> {
  yield* items;
}

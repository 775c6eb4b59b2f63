import {
  create,
  type DescMethod,
  fromBinary,
  fromJson,
  type JsonValue,
  type Message,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import type { Answer, Client } from "./client.js";

/** `@grpc/grpc-js`, Google's client for Node. */
export function grpcJs(baseUrl: string): Client {
  const client = new grpc.Client(new URL(baseUrl).host, grpc.credentials.createInsecure());
  return {
    name: "grpc-js grpc",
    async call({ method, messages, token }) {
      const metadata = new grpc.Metadata();
      if (token !== undefined) metadata.set("authorization", `Bearer ${token}`);
      const requests = messages.map((message) => fromJson(method.input, message));
      try {
        const responses = await start(client, method, requests, metadata);
        return { ok: true, messages: responses.map((response) => toJson(method.output, response) as JsonValue) };
      } catch (error) {
        return failure(error);
      }
    },
    close: () => client.close(),
  };
}

function start(
  client: grpc.Client,
  method: DescMethod,
  requests: readonly Message[],
  metadata: grpc.Metadata,
): Promise<Message[]> {
  const { path, requestSerialize, responseDeserialize, requestStream, responseStream } = definitionOf(method);
  const [request = create(method.input)] = requests;
  return new Promise((resolve, reject) => {
    const done = (error: grpc.ServiceError | null, response?: Message) =>
      error === null ? resolve(response === undefined ? [] : [response]) : reject(error);
    const collect = (stream: grpc.ClientReadableStream<Message>) => {
      const responses: Message[] = [];
      stream.on("data", (response: Message) => responses.push(response));
      stream.on("error", reject);
      stream.on("end", () => resolve(responses));
    };
    const send = (stream: grpc.ClientWritableStream<Message>) => {
      for (const message of requests) stream.write(message);
      stream.end();
    };
    if (requestStream && responseStream) {
      const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
      collect(stream);
      send(stream);
    } else if (requestStream) {
      send(client.makeClientStreamRequest(path, requestSerialize, responseDeserialize, metadata, done));
    } else if (responseStream) {
      collect(client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, metadata));
    } else {
      client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, done);
    }
  });
}

/** Converts the method descriptor of protobuf-es to the method definition of grpc-js. */
function definitionOf(method: DescMethod): grpc.MethodDefinition<Message, Message> {
  const serialize = (message: Message) => Buffer.from(toBinary(method.input, message));
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming",
    responseStream: method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming",
    requestSerialize: serialize,
    requestDeserialize: (bytes) => fromBinary(method.input, bytes),
    responseSerialize: (message) => Buffer.from(toBinary(method.output, message)),
    responseDeserialize: (bytes) => fromBinary(method.output, bytes),
  };
}

function failure(error: unknown): Answer {
  const code: unknown = (error as Partial<grpc.ServiceError>).code;
  if (typeof code === "number") return { ok: false, code };
  throw error;
}

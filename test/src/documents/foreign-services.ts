import * as http2 from "node:http2";
import type { DescMethodUnary, DescService } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { once } from "./once.js";
import { listen, parts, shop, type Wiring } from "./shop.js";

// Services whose protos are not the user's: https://github.com/grpc/grpc-proto has them whole.
const health = `syntax = "proto3";
package grpc.health.v1;
message HealthCheckRequest { string service = 1; }
message HealthCheckResponse {
  enum ServingStatus { UNKNOWN = 0; SERVING = 1; NOT_SERVING = 2; SERVICE_UNKNOWN = 3; }
  ServingStatus status = 1;
}
message HealthListRequest {}
message HealthListResponse { map<string, HealthCheckResponse> statuses = 1; }
service Health {
  rpc Check(HealthCheckRequest) returns (HealthCheckResponse);
  rpc List(HealthListRequest) returns (HealthListResponse);
  rpc Watch(HealthCheckRequest) returns (stream HealthCheckResponse);
}
`;
const reflection = `syntax = "proto3";
package grpc.reflection.v1;
service ServerReflection {
  rpc ServerReflectionInfo(stream ServerReflectionRequest) returns (stream ServerReflectionResponse);
}
message ServerReflectionRequest {
  string host = 1;
  oneof message_request { string file_containing_symbol = 4; string list_services = 7; }
}
message ServerReflectionResponse {
  string valid_host = 1;
  ServerReflectionRequest original_request = 2;
  oneof message_response { ListServiceResponse list_services_response = 6; }
}
message ListServiceResponse { repeated ServiceResponse service = 1; }
message ServiceResponse { string name = 1; }
`;

interface ForeignServices {
  readonly Health: DescService;
  readonly ServerReflection: DescService;
}

/** Descriptors of the services, as a package would bring them: without a table. */
export const foreignServices: () => Promise<ForeignServices> = once(async () => {
  const project = await shop();
  project.write("foreign/buf.yaml", "version: v2\n");
  project.write("foreign/health.proto", health);
  project.write("foreign/reflection.proto", reflection);
  const template = { version: "v2", plugins: [{ local: "protoc-gen-es", out: "foreign", opt: "target=js" }] };
  await project.use(`buf generate foreign --template '${JSON.stringify(template)}'`);
  const [{ Health }, { ServerReflection }] = await Promise.all([
    project.import<ForeignServices>("foreign/health_pb.js"),
    project.import<ForeignServices>("foreign/reflection_pb.js"),
  ]);
  return { Health, ServerReflection };
});

interface Reflected {
  readonly messageRequest: { readonly case?: string };
}

/** Serves health and reflection beside the shop. */
export async function serveWithForeign(wiring: Wiring) {
  const { connectNodeAdapter, OrderService } = await parts();
  const { Health, ServerReflection } = await foreignServices();
  const services = [Health, ServerReflection, OrderService];
  const implementations = {
    health: { check: () => ({ status: 1 }) },
    reflection: {
      async *serverReflectionInfo(requests: AsyncIterable<Reflected>) {
        const service = services.map(({ typeName }) => ({ name: typeName }));
        for await (const { messageRequest } of requests) {
          if (messageRequest.case !== "listServices") continue;
          yield { messageResponse: { case: "listServicesResponse", value: { service } } };
        }
      },
    },
  };
  const server = http2.createServer(
    connectNodeAdapter({
      ...wiring,
      routes: (router) => {
        router.service(OrderService, {});
        router.service(Health, implementations.health as object);
        router.service(ServerReflection, implementations.reflection as object);
      },
    }),
  );
  const url = await listen(server);
  return {
    /** Probes as a load balancer does. */
    check(headers: Readonly<Record<string, string>> = {}): Promise<string> {
      const check = Health.method["check"] as DescMethodUnary;
      return createGrpcTransport({ baseUrl: url })
        .unary(check, undefined, undefined, headers, {})
        .then(
          ({ message }) => ("status" in message && message.status === 1 ? "ok" : "not serving"),
          (error) => `${Code[ConnectError.from(error).code]}: ${ConnectError.from(error).rawMessage}`,
        );
    },
    /** Lists the services as a developer does. */
    async reflect(headers: Readonly<Record<string, string>> = {}): Promise<string> {
      const flags = Object.entries(headers).map(([name, value]) => `--reflect-header '${name}: ${value}'`);
      const project = await shop();
      const curl = `buf curl --protocol grpc --http2-prior-knowledge --list-services ${flags.join(" ")} ${url}`;
      return (await project.tryUse(curl)).output;
    },
    close: () => server.close(),
  };
}

import type { FileDescriptorSet, MethodDescriptorProto } from "@bufbuild/protobuf/wkt";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";

/** An operation with the fields of the overlay. */
export interface Operation {
  readonly operationId?: string;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly [field: string]: unknown;
}

type Paths = Record<string, Record<string, Operation>>;

export interface OpenApiDocument {
  openapi: string;
  info: object;
  paths: Paths;
  components: { schemas: Record<string, object>; securitySchemes?: Record<string, object> };
  security: object[];
  tags: object[];
}

/**
 * Returns the document that protoc-gen-connect-openapi writes for the services of some files, in its shape:
 * a `post` for each method, with `allow-get` a `get` for those without side effects, and an empty `security` of the document.
 * Messages are objects without properties.
 */
export function openApiDocument(schema: FileDescriptorSet, files: readonly string[]): OpenApiDocument {
  const paths: Paths = {};
  const messages = new Set<string>();
  const tags: object[] = [];
  for (const file of schema.file.filter(({ name }) => files.includes(name))) {
    for (const service of file.service) {
      const typeName = file.package === "" ? service.name : `${file.package}.${service.name}`;
      tags.push({ name: typeName, description: `The service ${service.name}.` });
      for (const method of service.method) {
        for (const type of [method.inputType, method.outputType]) messages.add(type.slice(1));
        const post = operation(typeName, method, "post");
        const isQuery = method.options?.idempotencyLevel === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
        const hasGet = isQuery && !method.clientStreaming && !method.serverStreaming;
        paths[`/${typeName}/${method.name}`] = hasGet ? { get: operation(typeName, method, "get"), post } : { post };
      }
    }
  }
  const messageSchema = (name: string) => ({ type: "object", title: name, additionalProperties: false });
  return {
    openapi: "3.1.0",
    info: { title: "shop.v1", version: "1.0.0", description: "API documentation for shop.v1" },
    paths,
    components: {
      schemas: {
        ...Object.fromEntries([...messages].map((name) => [name, messageSchema(name)])),
        "connect-protocol-version": { type: "number", title: "Connect-Protocol-Version", enum: [1], const: 1 },
        "connect-timeout-header": { type: "number", title: "Connect-Timeout-Ms" },
        "connect.error": { type: "object", title: "Connect Error", additionalProperties: true },
        encoding: { type: "string", title: "encoding", enum: ["proto", "json"] },
        base64: { type: "boolean", title: "base64" },
        compression: { type: "string", title: "compression", enum: ["identity", "gzip", "br"] },
        connect: { type: "string", title: "connect", enum: ["v1"] },
      },
    },
    security: [],
    tags,
  };
}

const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` });

function operation(service: string, method: MethodDescriptorProto, verb: "get" | "post"): Operation {
  const isStream = method.clientStreaming || method.serverStreaming;
  const content = (name: string) => ({
    [isStream ? "application/connect+json" : "application/json"]: { schema: reference(name) },
  });
  const [input, output] = [method.inputType.slice(1), method.outputType.slice(1)];
  const query = (name: string, required?: true) => ({ name, in: "query", required, schema: reference(name) });
  const parameters = [
    { name: "Connect-Protocol-Version", in: "header", required: true, schema: reference("connect-protocol-version") },
    { name: "Connect-Timeout-Ms", in: "header", schema: reference("connect-timeout-header") },
  ];
  const asked =
    verb === "get"
      ? {
          parameters: [
            ...parameters,
            { name: "message", in: "query", content: content(input) },
            query("encoding", true),
            ...["base64", "compression", "connect"].map((name) => query(name)),
          ],
        }
      : { parameters, requestBody: { content: content(input), required: true } };
  // As a file has it: without fields that are undefined.
  return JSON.parse(
    JSON.stringify({
      tags: [service],
      summary: method.name,
      operationId: `${service}.${method.name}${verb === "get" ? ".get" : ""}`,
      ...asked,
      responses: {
        default: { description: "Error", content: content("connect.error") },
        200: { description: "Success", content: content(output) },
      },
    }),
  );
}

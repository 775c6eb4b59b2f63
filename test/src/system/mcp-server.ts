import { type DescMethodUnary, fromJson, type JsonObject, type MessageInitShape, toJson } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  createRouterTransport,
  type HandlerContext,
  type Transport,
} from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { type Auth, createAuth, jwt, requireAuthContext, type ServicePolicy } from "@connectum/auth";
import { McpServicePolicy, NoteServicePolicy } from "../gen/mcp/v1/mcp_auth.js";
import { type HandleRequest, type HandleResponseSchema, McpService, NoteService } from "../gen/mcp/v1/mcp_pb.js";
import { startHttpServer } from "../servers/http-server.js";

/** An MCP server whose endpoint is a Connect method, and whose tools are those of a service. */
export interface McpServer {
  /** Its resource identifier (RFC 9728): the prefix of all methods. */
  readonly resource: string;
  readonly endpoint: URL;
  /** The address of a tool's method for clients of Connect. */
  toolUrl(name: string): string;
  /** Its texts, with their authors. One is there at the start. */
  readonly notes: readonly string[];
  readonly revoke: Auth["revoke"];
  stop(): Promise<void>;
}

const prefix = "/api";
const tools = new Map<unknown, DescMethodUnary>(Object.values(NoteService.method).map((tool) => [tool.name, tool]));

/**
 * @param issuer - the authorization server.
 * @param tables - those of the endpoint and of the tools. By default, those of the schema.
 */
export async function startMcpServer(
  issuer: string,
  tables: readonly ServicePolicy[] = [McpServicePolicy, NoteServicePolicy],
): Promise<McpServer> {
  const server = await startHttpServer((_, response) => response.end());
  const resource = server.url + prefix;
  const auth = createAuth({
    policies: tables,
    authenticate: jwt({ issuer, jwksUri: `${issuer}/jwks`, audience: resource, typ: "at+jwt" }),
    protectedResource: { url: resource, authorizationServers: [issuer] },
  });
  const notes = ["grace: eggs"];
  const noteRoutes = (router: ConnectRouter) =>
    router.service(NoteService, {
      listNotes: () => ({ notes }),
      addNote({ text }, context) {
        const author = requireAuthContext(context).subject;
        notes.push(`${author}: ${text}`);
        return { author };
      },
    });
  // Its calls pass the access control of the tools' methods.
  const inner = createRouterTransport(noteRoutes, { router: auth });
  server.listener = connectNodeAdapter({
    ...auth,
    requestPathPrefix: prefix,
    routes: (router) =>
      noteRoutes(router).service(McpService, { handle: (message, context) => handle(message, context, inner) }),
  });
  return {
    resource,
    endpoint: new URL(`${resource}/${McpService.typeName}/Handle`),
    toolUrl: (name) => `${resource}/${NoteService.typeName}/${name}`,
    notes,
    revoke: auth.revoke,
    stop: server.stop,
  };
}

type Answer = MessageInitShape<typeof HandleResponseSchema>;

async function handle({ id, method, params = {} }: HandleRequest, context: HandlerContext, inner: Transport) {
  if (id === undefined) return {};
  const answer = (body: Pick<Answer, "result" | "error">): Answer => ({ jsonrpc: "2.0", id, ...body });
  switch (method) {
    case "initialize": {
      const serverInfo = { name: "notes", version: "1.0.0" };
      const protocolVersion = params["protocolVersion"] ?? "";
      return answer({ result: { protocolVersion, capabilities: { tools: {} }, serverInfo } });
    }
    case "tools/list": {
      const list = [...tools.values()].map(({ name }) => ({ name, inputSchema: { type: "object" } }));
      return answer({ result: { tools: list } });
    }
    case "tools/call":
      return answer({ result: await callTool(params, context, inner) });
    default:
      return answer({ error: { code: -32601, message: "Method not found" } });
  }
}

/** Calls the method of a tool with the credential of the caller. */
async function callTool(params: JsonObject, context: HandlerContext, inner: Transport): Promise<JsonObject> {
  const result = (text: string, isError: boolean) => ({ content: [{ type: "text", text }], isError });
  const tool = tools.get(params["name"]);
  if (tool === undefined) return result("No such tool", true);
  const authorization = context.requestHeader.get("authorization") ?? "";
  try {
    const request = fromJson(tool.input, params["arguments"] ?? {});
    const { message } = await inner.unary(tool, context.signal, undefined, { authorization }, request);
    return result(JSON.stringify(toJson(tool.output, message)), false);
  } catch (error) {
    const { code, rawMessage, metadata } = ConnectError.from(error, Code.InvalidArgument);
    if (code !== Code.Unauthenticated && code !== Code.PermissionDenied) return result(rawMessage, true);
    // The client reads the challenge of the tool's method: an error of a call has to be made anew to keep it.
    throw new ConnectError(rawMessage, code, { "www-authenticate": metadata.get("www-authenticate") ?? "" });
  }
}

import * as http from "node:http";
import * as http2 from "node:http2";
import type { AddressInfo } from "node:net";
import type { DescService } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type ServiceImpl, type Transport } from "@connectrpc/connect";
import {
  type ConnectNodeAdapterOptions,
  type connectNodeAdapter,
  createConnectTransport,
  createGrpcTransport,
} from "@connectrpc/connect-node";
import type * as runtime from "@connectum/auth";
import { createProject, type Project } from "../published/project.js";
import { blocksOf } from "./blocks.js";
import { generated, readmeBlock, registry } from "./greeter.js";
import { once } from "./once.js";

/** Documents whose snippets are files of one project: the README's, with the service of docs/authorization.md. */
const documents = [
  "docs/authentication.md",
  "docs/authorization.md",
  "docs/gateways.md",
  "docs/identity-providers.md",
  "docs/clients.md",
  "docs/observability.md",
  "docs/review.md",
  "docs/servers.md",
  "docs/testing.md",
  "docs/troubleshooting.md",
  "runtime/README.md",
];

/** Packages that snippets need: the document, and its block with the installation. */
const installations = [
  ["docs/authentication.md", "keyv"],
  ["docs/authentication.md", "oauth4webapi"],
  ["docs/observability.md", "install"],
  ["docs/servers.md", "fastify"],
  ["docs/servers.md", "express"],
] as const;

/** What snippets import, and readers have of their own. */
const stubs = {
  "src/sessions.ts": `
export const sessions = {
  async find(token: string | undefined, headers: Headers) {
    if (token !== "s3cr3t" || headers.get("cookie") === null) return null;
    return { user: { id: "ada", name: "Ada", roles: ["editor"] }, expiresAt: new Date(Date.now() + 60_000) };
  },
};
`,
  "src/api-keys.ts": `
export const apiKeys = {
  async find(key: string) {
    return key === "key-1" ? { owner: "ada", scopes: ["orders:write"] } : undefined;
  },
};
`,
  "src/read-token.ts": `
export const readToken = async () => "the-token-of-the-pod";
`,
  "src/sign-in.ts": `
export async function signIn(_keyPair?: object) {
  return { accessToken: "a-token" };
}
`,
  // As a client of node-redis answers.
  "src/redis.ts": `
const keys = new Set<string>();
export const redis = {
  async set(key: string, _value: string, _options: { NX: true; PX: number }): Promise<string | null> {
    if (keys.has(key)) return null;
    keys.add(key);
    return "OK";
  },
};
`,
  "src/orders.ts": `
export const orders = {
  async find(id: string): Promise<{ readonly customer: string } | undefined> {
    return id === "1" ? { customer: "ada" } : undefined;
  },
};
`,
  "src/tomorrow.ts": `
import type { ServicePolicy } from "@connectum/auth";
import { OrderServicePolicy } from "./gen/shop/v1/orders_auth.js";

const CancelOrder = { access: "requires", roles: ["viewer", "owner"], scopes: [] } as const;
const methods = { ...OrderServicePolicy.methods, CancelOrder };
export const tomorrow: readonly ServicePolicy[] = [{ ...OrderServicePolicy, methods }];
`,
  // The server's parts come from the packages of the project, as the snippets do.
  "src/parts.ts": `
export { connectNodeAdapter } from "@connectrpc/connect-node";
export * as runtime from "@connectum/auth";
export { policies } from "./gen/auth_policies.js";
export { OrderService } from "./gen/shop/v1/orders_pb.js";
`,
};

interface Parts {
  readonly connectNodeAdapter: typeof connectNodeAdapter;
  readonly runtime: typeof runtime;
  readonly policies: readonly runtime.ServicePolicy[];
  readonly OrderService: DescService;
}

/** The project, compiled with every snippet. */
export const shop: () => Promise<Project> = once(async () => {
  const greeter = await generated();
  const project = createProject(await registry(), greeter);
  for (const [document, block] of installations) {
    await greeter.run(blocksOf(document).find(({ name }) => name === block)?.text ?? "");
  }
  for (const file of ["buf.yaml", "buf.gen.yaml", "tsconfig.json"]) project.write(file, readmeBlock(file));
  project.write("package.json", greeter.read("package.json"));
  for (const [file, text] of Object.entries(stubs)) project.write(file, text);
  for (const { name, text } of documents.flatMap(blocksOf)) {
    if (/^(src|proto\/shop)\//.test(name)) project.write(name, text);
  }
  await project.use("connectum-auth-proto proto && buf generate && buf lint && buf format -d --exit-code && tsc");
  return project;
});

export async function removeShop(): Promise<void> {
  (await shop()).remove();
}

/** A snippet's module, compiled in the project and loaded into this process. */
export async function snippet<T>(name: string): Promise<T> {
  return (await shop()).import<T>(name.replace(/^src\//, "dist/").replace(/ts$/, "js"));
}

export const parts: () => Promise<Parts> = once(() => snippet<Parts>("src/parts.ts"));

export type Wiring = Pick<ConnectNodeAdapterOptions, "interceptors" | "requestGate" | "contextValues">;
/** They see no message type: the schema is known in the project alone. */
export type Handlers = Partial<Record<MethodName, (request: never) => unknown>>;
type Call = Promise<unknown> | AsyncIterable<unknown>;
export type MethodName =
  | "listProducts"
  | "getOrder"
  | "watchOrder"
  | "cancelOrder"
  | "importOrders"
  | "settleOrders"
  | "exportOrders";
export type Shop = Readonly<Record<MethodName, (request: unknown, options: object) => Call>>;

/** The shop behind real servers: h2c and HTTP/1.1. */
export interface Server {
  readonly http2Url: string;
  readonly http1Url: string;
  /** Who called last, as the handler saw it. Undefined where no handler ran. */
  subject: string | undefined;
  close(): void;
}

/**
 * @param around - runs each call, as the tracing of a server does.
 * @param own - what the service has instead of the server's.
 */
export async function serve(
  wiring: Wiring,
  handlers: Handlers = {},
  around: (call: () => void) => void = (call) => call(),
  own: Pick<Wiring, "interceptors"> = {},
): Promise<Server> {
  const { connectNodeAdapter, runtime, OrderService } = await parts();
  const see = () => {
    server.subject = runtime.getAuthContext()?.subject ?? "anonymous";
    return {};
  };
  const implementation: Handlers = {
    listProducts: see,
    getOrder: see,
    async *watchOrder() {
      yield see();
    },
    cancelOrder: see,
    async importOrders(requests: AsyncIterable<unknown>) {
      for await (const _ of requests);
      return see();
    },
    settleOrders: see,
    exportOrders: see,
    ...handlers,
  };
  const adapter = connectNodeAdapter({
    ...wiring,
    routes: ({ service }) => service(OrderService, implementation as Partial<ServiceImpl<DescService>>, own),
  });
  const handler: typeof adapter = (request, response) => around(() => adapter(request, response));
  const servers = [http2.createServer(handler), http.createServer(handler)] as const;
  const [http2Url = "", http1Url = ""] = await Promise.all(servers.map(listen));
  const server: Server = {
    http2Url,
    http1Url,
    subject: undefined,
    close() {
      servers[1].closeAllConnections();
      for (const server of servers) server.close();
    },
  };
  return server;
}

export async function clientOf(transport: Transport): Promise<Shop> {
  return createClient((await parts()).OrderService, transport) as unknown as Shop;
}

/** Calls a method of a server that is wired this way: the caller's subject, or the error that the client gets. */
export async function call(
  wiring: Wiring,
  method: MethodName,
  headers: Readonly<Record<string, string>> = {},
  request: unknown = {},
  handlers: Handlers = {},
): Promise<string> {
  const server = await serve(wiring, handlers);
  try {
    const grpc = createGrpcTransport({ baseUrl: server.http2Url });
    const connect = createConnectTransport({ baseUrl: server.http1Url, httpVersion: "1.1" });
    const answers = new Set<string>();
    for (const transport of [grpc, connect]) {
      server.subject = undefined;
      const client = await clientOf(transport);
      answers.add(await outcome(server, client[method](request, { headers })));
    }
    // Both protocols have to agree.
    return [...answers].join(" or ");
  } finally {
    server.close();
  }
}

/** The subject that the handler saw, or the error that the client gets. */
export function outcome(server: Server, answer: Call): Promise<string> {
  return settle(answer).then(
    () => server.subject ?? "ok",
    (error) => `${Code[ConnectError.from(error).code]}: ${ConnectError.from(error).rawMessage}`,
  );
}

async function settle(answer: Call): Promise<void> {
  if (Symbol.asyncIterator in answer) for await (const _ of answer);
  else await answer;
}

export function listen(server: http.Server | http2.Http2Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

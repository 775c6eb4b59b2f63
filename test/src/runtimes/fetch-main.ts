// Serves the lab by the servers of Bun and Deno, which take a fetch handler.
//
//     bun fetch-main.js <address of the key set>
import { createLabHandler } from "./fetch-handler.js";
import { createRuntimeLab } from "./lab.js";

interface FetchServers {
  readonly Bun?: { serve(options: object): { readonly port: number } };
  readonly Deno?: {
    readonly args: readonly string[];
    serve(
      options: object,
      handler: (request: Request) => Promise<Response>,
    ): { readonly addr: { readonly port: number } };
  };
}

const { Bun, Deno } = globalThis as FetchServers;
const handler = createLabHandler(createRuntimeLab(process.argv[2] ?? ""));
const [hostname, port] = ["127.0.0.1", 0];
const started = Bun
  ? Bun.serve({ hostname, port, fetch: handler, idleTimeout: 60 }).port
  : Deno?.serve({ hostname, port, onListen: () => {} }, handler).addr.port;
console.log(`ready ${started}`);

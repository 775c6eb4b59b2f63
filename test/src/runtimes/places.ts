import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "../published/run.js";
import { startProcess, type TestProcess } from "../servers/child-process.js";
import { type Bundle, bundles } from "./bundles.js";

/** The protocols of clients. The last two need HTTP/2. */
export type Protocol = "connect" | "grpc-web" | "connect, HTTP/2" | "grpc";

/** A server of the lab, in its own process. */
export interface StartedPlace {
  /** Of HTTP/1.1, and of HTTP/2 if the server has it. */
  readonly ports: readonly string[];
  readonly output: () => string;
  stop(): Promise<void>;
}

/** A runtime, or a framework, with its server. */
export interface Place {
  readonly name: string;
  readonly protocols: readonly Protocol[];
  /** True if it answers before a request of HTTP/1.1 has ended, as bidirectional streams need. */
  readonly isDuplex: boolean;
  /** @param jwksUri - the address of the key set. */
  start(jwksUri: string): Promise<StartedPlace>;
}

const bin = join(root, "test/runtimes/node_modules");
const programs = join(root, "test/dist/runtimes");

/** A place that runs a program of this folder, which prints its ports. */
function program(name: string, file: string, command: string, flags: readonly string[] = []): Place {
  const isHttp1 = file === "fetch-main.js" || file === "express-main.js";
  return {
    name,
    protocols: isHttp1 ? ["connect", "grpc-web"] : ["connect", "grpc-web", "connect, HTTP/2", "grpc"],
    isDuplex: file === "fetch-main.js",
    async start(jwksUri) {
      const args = [...flags, join(programs, file), jwksUri];
      const started = await startProcess(found(command), args, (text) => /^ready /m.test(text));
      return { ...started, ports: portsIn(started.output()) };
    },
  };
}

const workerd: Place = {
  name: "workerd",
  protocols: ["connect", "grpc-web"],
  isDuplex: true,
  async start(jwksUri) {
    const folder = mkdtempSync(join(tmpdir(), "connectum-worker-"));
    const port = await freePort();
    const config = await writeWorker(folder, port, jwksUri);
    const isReady = () =>
      fetch(`http://127.0.0.1:${port}`).then(
        () => true,
        () => false,
      );
    const started = await startProcess(found(join(bin, ".bin/workerd")), ["serve", config], isReady);
    return { ...started, ports: [String(port)], stop: () => stopAndRemove(started, folder) };
  },
};

/** A route handler, built and served by Next.js. */
const next: Place = {
  name: "Next.js",
  protocols: ["connect", "grpc-web"],
  isDuplex: false,
  async start(jwksUri) {
    const folder = join(root, "test/runtimes/next");
    const command = found(join(bin, ".bin/next"));
    const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1", JWKS_URI: jwksUri };
    await promisify(execFile)(process.execPath, [command, "build"], { cwd: folder, env });
    const port = await freePort();
    const args = [command, "start", "--port", String(port), "--hostname", "127.0.0.1"];
    const { stop, output } = await startProcess(process.execPath, args, (text) => text.includes("Ready"), {
      cwd: folder,
      env,
    });
    return { ports: [String(port)], output, stop };
  },
};

/** A program that a bundler made one file of, far from every `node_modules`. */
function bundled([name, bundle]: readonly [string, Bundle]): Place {
  return {
    name,
    protocols: ["connect", "grpc"],
    isDuplex: false,
    async start(jwksUri) {
      const folder = mkdtempSync(join(tmpdir(), "connectum-bundle-"));
      const entry = await bundle(join(programs, "node-main.js"), folder);
      const started = await startProcess(process.execPath, [entry, jwksUri], (text) => /^ready /m.test(text));
      return { ...started, ports: portsIn(started.output()), stop: () => stopAndRemove(started, folder) };
    },
  };
}

async function stopAndRemove({ stop }: TestProcess, folder: string): Promise<void> {
  await stop();
  rmSync(folder, { recursive: true, force: true });
}

/** The ports that a program printed. */
function portsIn(output: string): readonly string[] {
  return (/^ready (.+)$/m.exec(output)?.[1] ?? "").split(" ");
}

const deno = ["run", "--allow-all", "--no-lock", "--node-modules-dir=manual"];

export const places: readonly Place[] = [
  program(`Node ${process.versions.node.split(".")[0]}`, "node-main.js", process.execPath),
  ...["22", "24", "26"].map((major) => program(`Node ${major}`, "node-main.js", join(bin, `n${major}/bin/node`))),
  program("Bun, node:http", "node-main.js", join(bin, ".bin/bun")),
  program("Deno, node:http", "node-main.js", join(bin, ".bin/deno"), deno),
  program("Bun", "fetch-main.js", join(bin, ".bin/bun")),
  program("Deno", "fetch-main.js", join(bin, ".bin/deno"), deno),
  workerd,
  program("Fastify", "fastify-main.js", process.execPath),
  program("Express", "express-main.js", process.execPath),
  next,
  ...Object.entries(bundles).map(bundled),
  program("tsx", "../../src/runtimes/node-main.ts", process.execPath, [join(bin, "tsx/dist/cli.mjs")]),
];

/** @throws Error saying how to get a runtime that is missing. */
function found(command: string): string {
  if (!existsSync(command)) throw new Error(`${command} is missing: run npm ci --prefix test/runtimes`);
  return command;
}

/** Bundles the Worker, and returns the path of a configuration that serves it. */
async function writeWorker(folder: string, port: number, jwksUri: string): Promise<string> {
  const { build } = createRequire(join(root, "plugin/package.json"))("esbuild") as typeof import("esbuild");
  await build({
    entryPoints: [join(programs, "worker.js")],
    outfile: join(folder, "worker.js"),
    bundle: true,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    external: ["node:*"],
    logLevel: "silent",
  });
  const config = join(folder, "worker.capnp");
  writeFileSync(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [ (name = "lab", worker = .lab), (name = "internet", network = (allow = ["private"])) ],
  sockets = [ (name = "http", address = "127.0.0.1:${port}", http = (), service = "lab") ],
);
const lab :Workerd.Worker = (
  modules = [ (name = "worker.js", esModule = embed "worker.js") ],
  compatibilityDate = "2026-04-01",
  compatibilityFlags = ["nodejs_compat"],
  bindings = [ (name = "JWKS_URI", text = "${jwksUri}") ],
);
`,
  );
  return config;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { delimiter } from "node:path";
import { fileURLToPath } from "node:url";

/** The example's server, as `npm run demo -- --serve` starts it. */
export interface ExampleServer {
  /** Origin of the web page and of Connect over HTTP/1.1. */
  readonly url: string;
  /** Stops it as Ctrl-C does, and returns its exit code. */
  stop(): Promise<number | null>;
}

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** @throws Error with what the server printed, where it did not get ready. */
export async function startExampleServer(): Promise<ExampleServer> {
  const process_ = spawn(process.execPath, ["example/demo.js", "--serve", "--port", "0"], {
    cwd: root,
    env: { ...process.env, PATH: [`${root}node_modules/.bin`, process.env["PATH"]].join(delimiter) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(process_, "exit") as Promise<[number | null]>;
  let output = "";
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk;
      const found = /^A web page to click on: (\S+)$/m.exec(output);
      if (found?.[1] !== undefined && output.includes("Ctrl-C")) resolve(found[1]);
    };
    process_.stdout.on("data", read);
    process_.stderr.on("data", read);
    exited.then(([code]) => reject(new Error(`the example's server ended with exit code ${code}:\n${output}`)), reject);
  });
  return {
    url,
    async stop() {
      process_.kill("SIGINT");
      const [code] = await exited;
      return code;
    },
  };
}

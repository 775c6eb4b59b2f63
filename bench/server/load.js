// Load from a separate process: h2load (Debian: nghttp2-client), which is far cheaper than the server it loads.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "bench-"));
process.on("exit", () => rmSync(folder, { recursive: true }));

/** Runs `load` requests; calls per second, and the 99th percentile of their latency in milliseconds. */
export async function load({ url, http1, contentType, body, token, requests, connections = 64 }) {
  const data = join(folder, "body");
  const log = join(folder, "log");
  writeFileSync(data, body);
  rmSync(log, { force: true });
  const headers = [`content-type: ${contentType}`, `authorization: Bearer ${token}`];
  const { stdout } = await run(
    "taskset",
    [
      ...["-c", "1", "h2load", "-c", connections, "-m", 1, "-n", requests, "-d", data, "--log-file", log],
      ...headers.flatMap((header) => ["-H", header]),
      ...(http1 ? ["--h1"] : []),
      url,
    ].map(String),
  );
  const succeeded = Number(/status codes: (\d+) 2xx/.exec(stdout)?.[1]);
  const perSecond = Number(/finished in .*?, ([\d.]+) req\/s/.exec(stdout)?.[1]);
  if (succeeded !== requests) throw new Error(`only ${succeeded} of ${requests} calls succeeded\n${stdout}`);
  const latencies = readFileSync(log, "utf8")
    .trim()
    .split("\n")
    .map((line) => Number(line.split("\t")[2]));
  latencies.sort((a, b) => a - b);
  return { perSecond, p99: latencies[Math.floor(latencies.length * 0.99)] / 1000 };
}

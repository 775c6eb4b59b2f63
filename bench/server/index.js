// Throughput and latency of whole servers, with and without access control, interleaved: `node bench/server/index.js`.
// Every round starts every server anew: two processes of one program differ by more than what is measured.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { create, toBinary } from "@bufbuild/protobuf";
import { RepeatRequestSchema, SayRequestSchema } from "../gen/bench/v1/echo_pb.js";
import { load } from "./load.js";
import { variants } from "./variants.js";

const rounds = Number(process.env.ROUNDS ?? 9);
const say = toBinary(SayRequestSchema, create(SayRequestSchema, { text: "hello" }));
const repeat = toBinary(RepeatRequestSchema, create(RepeatRequestSchema, { text: "hello", count: 1000 }));
const prefix = Buffer.alloc(5);
prefix.writeUInt32BE(repeat.length, 1);

const scenarios = {
  "unary, HTTP/1.1": { http1: true, path: "Say", contentType: "application/proto", body: say, requests: 20_000 },
  "unary, h2c": { path: "Say", contentType: "application/proto", body: say, requests: 20_000 },
  "1,000 messages, h2c": {
    path: "Repeat",
    contentType: "application/connect+proto",
    body: Buffer.concat([prefix, repeat]),
    requests: 200,
  },
};

const names = Object.keys(variants);
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const results = new Map(Object.keys(scenarios).map((title) => [title, new Map(names.map((name) => [name, []]))]));

/** Serves by one variant, as long as `use` takes. */
async function withServer(name, use) {
  const server = new URL("server.js", import.meta.url).pathname;
  const child = spawn("taskset", ["-c", "0", process.execPath, server, name], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [line] = await once(child.stdout, "data");
    await use(JSON.parse(line));
  } finally {
    child.kill();
    await once(child, "exit");
  }
}

for (let round = 0; round < rounds; round++) {
  for (let i = 0; i < names.length; i++) {
    const name = names[(round + i) % names.length];
    await withServer(name, async ({ http1, http2, token }) => {
      for (const [title, scenario] of Object.entries(scenarios)) {
        const url = `http://127.0.0.1:${scenario.http1 ? http1 : http2}/bench.v1.EchoService/${scenario.path}`;
        await load({ ...scenario, url, token, requests: scenario.requests / 2 });
        results
          .get(title)
          .get(name)
          .push(await load({ ...scenario, url, token }));
      }
    });
  }
}
for (const [title, byName] of results) {
  const base = byName.get("no access control");
  console.log(title);
  for (const [name, list] of byName) {
    const throughput = median(list.map(({ perSecond }, i) => perSecond / base[i].perSecond));
    const p99 = median(list.map(({ p99 }, i) => p99 / base[i].p99));
    console.log(
      `  ${name.padEnd(32)} throughput ${throughput.toFixed(3)}  p99 ${p99.toFixed(3)}  (${Math.round(median(list.map((r) => r.perSecond)))}/s)`,
    );
  }
}

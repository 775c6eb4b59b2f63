// Throughput and latency of whole servers, with and without access control, interleaved: `node bench/server/index.js`.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { create, toBinary } from "@bufbuild/protobuf";
import { RepeatRequestSchema, SayRequestSchema } from "../gen/bench/v1/echo_pb.js";
import { load } from "./load.js";
import { variants } from "./variants.js";

const rounds = Number(process.env.ROUNDS ?? 7);
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

const servers = {};
for (const name of Object.keys(variants)) {
  const child = spawn("taskset", ["-c", "0", process.execPath, new URL("server.js", import.meta.url).pathname, name], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(child.stdout, "data");
  servers[name] = { child, ...JSON.parse(line) };
}
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
for (const [title, scenario] of Object.entries(scenarios)) {
  const results = Object.fromEntries(Object.keys(servers).map((name) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const [name, server] of Object.entries(servers)) {
      const url = `http://127.0.0.1:${scenario.http1 ? server.http1 : server.http2}/bench.v1.EchoService/${scenario.path}`;
      const result = await load({ ...scenario, url, token: server.token });
      if (round >= 0) results[name].push(result);
    }
  }
  const base = results["no access control"];
  console.log(title);
  for (const [name, list] of Object.entries(results)) {
    const throughput = median(list.map(({ perSecond }, i) => perSecond / base[i].perSecond));
    const p99 = median(list.map(({ p99 }, i) => p99 / base[i].p99));
    console.log(
      `  ${name.padEnd(32)} throughput ${throughput.toFixed(3)}  p99 ${p99.toFixed(3)}  (${Math.round(median(list.map((r) => r.perSecond)))}/s)`,
    );
  }
}
for (const { child } of Object.values(servers)) child.kill();

// An anonymous client posts 1 MB bodies at a guarded method: what each refusal costs the server, with the gate and without:
// `node bench/gate/index.js`. CPU time per call and peak memory, as ratios; every variant in every round.
import { fork } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { SayRequestSchema } from "../gen/bench/v1/echo_pb.js";
import { describeMachine, median } from "../support/measure.js";

const rounds = Number(process.env.ROUNDS ?? 5);
const calls = Number(process.env.CALLS ?? 200);
const connections = 16;
const text = Array.from({ length: 1_000_000 }, (_, i) => String.fromCharCode(97 + ((i * 7919) % 26))).join("");
const message = toBinary(SayRequestSchema, create(SayRequestSchema, { text }));
const scenarios = {
  "1 MB of protobuf": { type: "application/proto", body: message },
  "1 MB of JSON": { type: "application/json", body: Buffer.from(JSON.stringify({ text })) },
  "1 MB of protobuf, compressed": { type: "application/proto", body: gzipSync(message), encoding: "gzip" },
};

/** Posts a body; gives the status. A server that has answered may close the connection on what is left of the body. */
function post(port, agent, { type, body, encoding }) {
  return new Promise((resolve, reject) => {
    const headers = {
      "content-type": type,
      "content-length": body.length,
      ...(encoding && { "content-encoding": encoding }),
    };
    let status;
    const req = request({ host: "127.0.0.1", port, path: "/bench.v1.EchoService/Say", method: "POST", agent, headers });
    req.on("response", (res) => {
      status = res.statusCode;
      res.resume().on("close", () => resolve(status));
    });
    req.on("error", (error) => (status === undefined ? reject(error) : resolve(status)));
    req.end(body);
  });
}

async function flood(server, scenario) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let next = 0;
  let resets = 0;
  const worker = async () => {
    while (next++ < calls) {
      const status = await post(server.port, agent, scenario).catch(() => {
        resets++;
        return server.status;
      });
      if (status !== server.status) throw new Error(`${status} instead of ${server.status}`);
    }
  };
  await Promise.all(Array.from({ length: connections }, worker));
  agent.destroy();
  return resets;
}

async function ask(child, question) {
  child.send(question);
  const [answer] = await once(child, "message");
  return answer;
}

const names = ["no access control", "interceptors alone", "with the gate"];

/** A fresh process, so that its peak is that of one scenario. */
async function start(name) {
  const child = fork(new URL("server.js", import.meta.url), [name], { execArgv: ["--expose-gc"] });
  const [{ port }] = await once(child, "message");
  const { peak: idle } = await ask(child, "start");
  return { child, port, idle, status: name === "no access control" ? 200 : 401, cpu: [], resets: 0 };
}

console.log(`${describeMachine()}; ${calls} calls a round, ${connections} connections, medians of ${rounds} rounds`);
for (const [title, scenario] of Object.entries(scenarios)) {
  const servers = new Map();
  for (const name of names) servers.set(name, await start(name));
  for (let round = -1; round < rounds; round++) {
    for (const server of servers.values()) {
      await ask(server.child, "start");
      server.resets += await flood(server, scenario);
      const { cpu } = await ask(server.child, "read");
      if (round >= 0) server.cpu.push(cpu / calls);
    }
  }
  const base = servers.get("interceptors alone");
  for (const server of servers.values()) server.growth = (await ask(server.child, "read")).peak - server.idle;
  console.log(title);
  for (const [name, { cpu, growth, resets, child }] of servers) {
    const ratio = median(cpu.map((value, i) => value / base.cpu[i]));
    console.log(
      `  ${name.padEnd(20)} CPU per call ${ratio.toFixed(2)} (${Math.round(median(cpu))} us)` +
        `  peak memory above idle ${(growth / base.growth).toFixed(2)} (${(growth / 2 ** 20).toFixed(0)} MiB)` +
        (resets > 0 ? `  ${resets} connections closed while sending` : ""),
    );
    child.disconnect();
  }
}

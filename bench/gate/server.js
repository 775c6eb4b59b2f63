// The server of the bench, in a process of its own: `node server.js VARIANT`, by fork. Says what it used when it is asked.
import { createServer } from "node:http";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { createAuth, jwt } from "@connectum/auth";
import { EchoServicePolicy } from "../gen/bench/v1/echo_auth.js";
import { EchoService } from "../gen/bench/v1/echo_pb.js";

const secret = "a secret of thirty-two bytes or more";
const auth = createAuth({ policies: [EchoServicePolicy], authenticate: jwt({ secret, audience: "bench" }) });
const variants = {
  "no access control": {},
  "interceptors alone": { interceptors: auth.interceptors },
  "with the gate": auth,
};

const server = createServer(
  connectNodeAdapter({
    ...variants[process.argv[2]],
    routes: (router) => router.service(EchoService, { say: () => ({ text: "heard" }) }),
  }),
);
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));

// The peak since the process began; read before the first call, it is that of an idle server.
let start = process.cpuUsage();
process.on("message", (question) => {
  if (question === "start") {
    globalThis.gc?.();
    start = process.cpuUsage();
  }
  const { user, system } = process.cpuUsage(start);
  process.send({ cpu: user + system, peak: process.resourceUsage().maxRSS * 1024 });
});
process.on("disconnect", () => process.exit());

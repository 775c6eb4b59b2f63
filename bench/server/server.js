// One server of the bench, in a process of its own: `node server.js VARIANT`. Prints its two ports and a token, as JSON.
import { generateKeyPairSync } from "node:crypto";
import * as http from "node:http";
import * as http2 from "node:http2";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { SignJWT } from "jose";
import { EchoService } from "../gen/bench/v1/echo_pb.js";
import { variants } from "./variants.js";

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const token = await new SignJWT({ sub: "ada", roles: ["editor"] })
  .setProtectedHeader({ alg: "RS256", kid: "1" })
  .setIssuer("https://login.example.com")
  .setAudience("bench")
  .setExpirationTime("1h")
  .sign(privateKey);

const variant = variants[process.argv[2]];
if (variant === undefined) throw new Error(`unknown variant; one of ${Object.keys(variants).join(", ")}`);

function routes(router) {
  router.service(EchoService, {
    say: ({ text }) => ({ text }),
    async *repeat({ text, count }) {
      for (let i = 0; i < count; i++) yield { text };
    },
  });
}

const ports = [];
for (const { createServer } of [http, http2]) {
  const server = createServer(connectNodeAdapter({ routes, ...variant(publicKey) }));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  ports.push(server.address().port);
}
console.log(JSON.stringify({ http1: ports[0], http2: ports[1], token }));
process.on("disconnect", () => process.exit());

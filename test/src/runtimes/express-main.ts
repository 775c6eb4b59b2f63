// Serves the lab by Express, over HTTP/1.1, beside a parser of bodies as most applications have one.
//
//     node express-main.js <address of the key set>
import type { AddressInfo } from "node:net";
import { expressConnectMiddleware } from "@connectrpc/connect-express";
import express from "express";
import { createRuntimeLab } from "./lab.js";

const { auth, routes, beside } = createRuntimeLab(process.argv[2] ?? "");

const app = express();
app.use(express.json());
app.use(expressConnectMiddleware({ ...auth, routes }));
app.use(async ({ method, originalUrl }, response) => {
  const answer = await beside({ method, url: `http://lab${originalUrl}` });
  response
    .status(answer.status)
    .set(Object.fromEntries(answer.headers))
    .send(await answer.text());
});
const server = app.listen(0, "127.0.0.1", () => console.log(`ready ${(server.address() as AddressInfo).port}`));

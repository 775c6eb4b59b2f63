import { createServer, type RequestListener } from "node:http";
import { cors } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { createAuth, credentials } from "@connectum/auth";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { blocksOf } from "../documents/blocks.js";
import { listen } from "../documents/shop.js";
import { EchoServicePolicy } from "../gen/lab/v1/lab_auth.js";
import { unaryRoute } from "../support/lab.js";
import { startBrowser } from "./web-page-browser.js";

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser?.close());

/** Calls a server of another origin from a page. Returns the answer, and what the browser's console says. */
async function callFromPage(allowedHeaders: readonly string[]) {
  const auth = createAuth({
    policies: [EchoServicePolicy],
    authenticate: credentials({ verifyCredentials: (subject) => ({ subject }) }),
  });
  const adapter = connectNodeAdapter({ ...auth, routes: unaryRoute });
  let calls = 0;
  const answer: RequestListener = (request, response) => {
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("access-control-allow-headers", allowedHeaders.join());
    if (request.method === "OPTIONS") return void response.writeHead(204).end();
    calls++;
    adapter(request, response);
  };
  const [api, site] = [createServer(answer), createServer((_, response) => response.end("<!doctype html>"))];
  const [apiUrl, siteUrl] = await Promise.all([listen(api), listen(site)]);
  try {
    const page = await browser.newPage();
    const said: string[] = [];
    page.on("console", (message) => said.push(message.text()));
    await page.goto(siteUrl);
    const status = await page.evaluate(
      (url) =>
        fetch(url, {
          method: "POST",
          headers: { "content-type": "application/json", authorization: "Bearer ada" },
          body: "{}",
        }).then((response) => String(response.status), String),
      `${apiUrl}/lab.v1.EchoService/Unary`,
    );
    await page.close();
    return { status, calls, said: said.join("\n") };
  } finally {
    for (const server of [api, site]) {
      server.closeAllConnections();
      server.close();
    }
  }
}

test("docs/troubleshooting.md has the line of the browser's console", async () => {
  const line =
    blocksOf("docs/troubleshooting.md")
      .find(({ name }) => name === "cors")
      ?.text.trim() ?? "";
  const refused = await callFromPage(cors.allowedHeaders);
  expect(refused).toEqual({
    status: "TypeError: Failed to fetch",
    calls: 0,
    said: expect.stringContaining(line),
  });
  expect(line).not.toBe("");
  expect(await callFromPage([...cors.allowedHeaders, "authorization"])).toEqual({ status: "200", calls: 1, said: "" });
});

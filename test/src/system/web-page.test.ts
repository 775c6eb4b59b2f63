import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBrowser } from "./web-page-browser.js";
import { type ExampleServer, startExampleServer } from "./web-page-server.js";

const artifacts = fileURLToPath(new URL("../../artifacts/", import.meta.url));

let browser: Browser | undefined;
let server: ExampleServer | undefined;

beforeAll(async () => {
  mkdirSync(artifacts, { recursive: true });
  browser = await startBrowser();
  server = await startExampleServer();
});

afterAll(async () => {
  await browser?.close();
  if (server !== undefined) expect(await server.stop()).toBe(0);
});

/** A page of the shop that somebody has signed in to. */
async function openAs(person: string): Promise<Page> {
  const page = await (browser as Browser).newPage({ viewport: { width: 1100, height: 900 } });
  page.setDefaultTimeout(20_000);
  const broken = new Promise<never>((_, reject) => page.once("pageerror", reject));
  await page.goto((server as ExampleServer).url);
  await Promise.race([page.waitForSelector('body[data-person="nobody"]'), broken]);
  await page.click(`button[data-person="${person}"]`);
  await page.waitForSelector(`body[data-person="${person}"]`);
  return page;
}

function attributes(page: Page, name: string): Promise<(string | null)[]> {
  return page.$$eval(`button[${name}]`, (buttons, name) => buttons.map((button) => button.getAttribute(name)), name);
}

/** Presses a button of a method, and reads what the page says about the answer. */
async function press(page: Page, attribute: "data-action" | "data-anyway", method: string): Promise<string> {
  await page.click(`button[${attribute}="${method}"]`);
  const answer = page.locator(`[data-method="${method}"] .answer span`);
  await answer.waitFor();
  return (await answer.textContent()) ?? "";
}

describe("the page", () => {
  test.each([
    {
      person: "carol",
      offered: ["ListProducts", "WatchOrders", "GetOrder", "CancelOrder", "GetMe"],
      refused: {
        ListUsers: "permission_denied",
        DeleteUser: "permission_denied",
        PurgeOrders: "unauthenticated",
      },
      orders: 2,
      cancellable: ["1001", "1002"],
    },
    {
      person: "sam",
      offered: ["ListProducts", "WatchOrders", "GetOrder", "CancelOrder", "GetMe"],
      refused: { ListUsers: "permission_denied", DeleteUser: "permission_denied", PurgeOrders: "unauthenticated" },
      orders: 4,
      cancellable: ["1001", "1002", "1003", "1004"],
    },
    {
      person: "ada",
      offered: ["ListProducts", "GetMe", "ListUsers"],
      refused: {
        WatchOrders: "permission_denied",
        GetOrder: "permission_denied",
        CancelOrder: "permission_denied",
        DeleteUser: "permission_denied",
        PurgeOrders: "unauthenticated",
      },
      orders: 0,
      cancellable: [],
    },
    {
      person: "nobody",
      offered: ["ListProducts"],
      refused: {
        WatchOrders: "unauthenticated",
        GetOrder: "unauthenticated",
        CancelOrder: "unauthenticated",
        GetMe: "unauthenticated",
        ListUsers: "unauthenticated",
        DeleteUser: "unauthenticated",
        PurgeOrders: "unauthenticated",
      },
      orders: 0,
      cancellable: [],
    },
  ])("offers $person what the server allows", async ({ person, offered, refused, orders, cancellable }) => {
    const page = await openAs(person);
    expect(await attributes(page, "data-action")).toEqual(offered);
    expect(await attributes(page, "data-anyway")).toEqual(Object.keys(refused));
    expect(await page.locator("#orders tbody tr").count()).toBe(orders);
    expect(await attributes(page, "data-cancel")).toEqual(cancellable);
    for (const method of Object.keys(refused)) {
      expect([method, await press(page, "data-anyway", method)]).toEqual([
        method,
        refused[method as keyof typeof refused],
      ]);
    }
    await page.screenshot({ path: `${artifacts}web-page-${person}.png`, fullPage: true });
    // These two depend on the order, of which the page knows nothing; see below.
    for (const method of offered.filter((method) => method !== "GetOrder" && method !== "CancelOrder")) {
      expect([method, await press(page, "data-action", method)]).toEqual([method, "ok"]);
    }
    await page.close();
  });

  test.each([
    { person: "carol", answer: "permission_denied" },
    { person: "sam", answer: "ok" },
  ])("shows $person what the server says of somebody else's order: $answer", async ({ person, answer }) => {
    const page = await openAs(person);
    expect(await press(page, "data-action", "GetOrder")).toBe(answer);
    await page.close();
  });

  test.each([
    { person: "carol", order: "1001" },
    { person: "sam", order: "1003" },
  ])("cancels order $order for $person", async ({ person, order }) => {
    const page = await openAs(person);
    await page.click(`button[data-cancel="${order}"]`);
    await page.locator("tr.cancelled", { hasText: order }).waitFor();
    expect(await page.locator(`button[data-cancel="${order}"]`).count()).toBe(0);
    await page.close();
  });
});

describe("pages of other origins", () => {
  const rpc = "/shop.v1.UserService/GetMe";

  test("may send the headers that carry credentials and protocol", async () => {
    const preflight = await fetch(new URL(rpc, server?.url), {
      method: "OPTIONS",
      headers: {
        origin: "http://elsewhere.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,connect-protocol-version,content-type",
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
    expect(preflight.headers.get("access-control-allow-credentials")).toBeNull();
    const allowed = preflight.headers.get("access-control-allow-headers")?.toLowerCase().split(", ");
    expect(allowed).toEqual(expect.arrayContaining(["authorization", "connect-protocol-version", "content-type"]));
  });

  test("reach the server with those headers from a browser, and with no others", async () => {
    const { url } = server as ExampleServer;
    const page = await (browser as Browser).newPage();
    // Another origin, since the host differs; the same server.
    await page.goto(url.replace("127.0.0.1", "localhost"));
    const answers = await page.evaluate(
      async ({ url, rpc }) => {
        const signedIn = (await (await fetch(`${url}/sign-in`, { method: "POST", body: "ada" })).json()) as {
          token: string;
        };
        const call = async (headers: Record<string, string>) => {
          const response = await fetch(url + rpc, {
            method: "POST",
            headers: { "content-type": "application/json", "connect-protocol-version": "1", ...headers },
            body: "{}",
          });
          return { status: response.status, challenge: response.headers.get("www-authenticate") };
        };
        return [
          await call({ authorization: `Bearer ${signedIn.token}` }),
          await call({}),
          await call({ "x-unheard-of": "1" }).catch(() => "stopped by the browser"),
        ];
      },
      { url, rpc },
    );
    expect(answers).toEqual([
      { status: 200, challenge: null },
      { status: 401, challenge: expect.stringContaining("Bearer") },
      "stopped by the browser",
    ]);
    await page.close();
  });
});

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { can, type ServicePolicy } from "@connectum/auth/policy";
import fc from "fast-check";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readFolder } from "../generator/golden-files.js";
import { report } from "../report/run-report.js";
import { startBrowser } from "./web-page-browser.js";

const artifacts = fileURLToPath(new URL("../../artifacts/", import.meta.url));
const exampleProtos = fileURLToPath(new URL("../../../example/proto", import.meta.url));
const exampleTables = fileURLToPath(new URL("../../../example/dist/gen/shop/v1", import.meta.url));
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let browser: Browser;
let folder: string;
const example = () => pathToFileURL(join(folder, "example.html")).href;
const large = () => pathToFileURL(join(folder, "large.html")).href;

beforeAll(async () => {
  mkdirSync(artifacts, { recursive: true });
  folder = mkdtempSync(join(tmpdir(), "connectum-report-"));
  const protos = Object.fromEntries(readFolder(exampleProtos, ".proto"));
  writeFileSync(join(folder, "example.html"), report(protos, "a.html"));
  writeFileSync(join(folder, "large.html"), report(largeProtos(100, 50), "a.html"));
  browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Many services with many methods: most require roles, some permissions, scopes, a condition or nothing. */
function largeProtos(services: number, methods: number): Record<string, string> {
  const rule = (i: number) =>
    [
      `requires: {roles: ["r${i % 40}", "r${(i * 7) % 40}x"]}`,
      `requires: {permissions: ["area${i % 30}.read"]}`,
      `requires: {scopes: ["s${i % 10}"]}, condition: "request.id == caller.claims.id"`,
      "public: true",
      'policy: "allow"',
    ][i % 5];
  const texts = Array.from({ length: services }, (_, s) => {
    const rpcs = Array.from({ length: methods }, (_, m) => {
      const i = s * methods + m;
      return `  // Does number ${i}.\n  rpc Do${i}(M) returns (M) { option (connectum.auth.v1.method_auth) = {${rule(i)}}; }\n`;
    });
    return `service S${s} {\n${rpcs.join("")}}\n`;
  });
  return {
    "big.proto": `syntax = "proto3"; package big.v1; import "connectum/auth/v1/options.proto";\nmessage M { string id = 1; }\n${texts.join("")}`,
  };
}

/** Opens a page, and fails for a request, an error or a warning. */
async function open(url: string, options: BrowserContextOptions = {}): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
  page.setDefaultTimeout(60_000);
  const problems: string[] = [];
  page.on("console", (message) => problems.push(message.text()));
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("request", (request) => {
    if (!request.url().startsWith("file:") || request.resourceType() !== "document") problems.push(request.url());
  });
  page.on("close", () => expect(problems).toEqual([]));
  await page.goto(url);
  return page;
}

/** The methods that are shown, by their names. */
const shown = (page: Page): Promise<string[]> =>
  page.$$eval("section:not([hidden]) .list tbody tr:not([hidden]) th .name", (names) =>
    names.map((name) => name.textContent ?? ""),
  );

const settle = (page: Page) =>
  page.evaluate(() => new Promise((resolve) => setTimeout(() => requestAnimationFrame(resolve))));

describe("filters", () => {
  test.each<{ name: string; use: (page: Page) => Promise<unknown>; want: string[]; fragment: string }>([
    {
      name: "text, in any order and case",
      use: (page) => page.fill("input[name=text]", "SUPPORT order cancels"),
      want: ["CancelOrder"],
      fragment: "#text=SUPPORT+order+cancels",
    },
    {
      name: "text of a condition",
      use: (page) => page.fill("input[name=text]", "item.amount"),
      want: ["CountStock"],
      fragment: "#text=item.amount",
    },
    {
      name: "service",
      use: (page) => page.selectOption("select[name=service]", "shop.v1.UserService"),
      want: ["GetMe", "ListUsers", "DeleteUser"],
      fragment: "#service=shop.v1.UserService",
    },
    {
      name: "access",
      use: (page) => page.selectOption("select[name=access]", "internal"),
      want: ["PurgeOrders"],
      fragment: "#access=internal",
    },
    {
      name: "a scope",
      use: (page) => page.selectOption("select[name=name]", "scope orders:write"),
      want: ["ImportOrders", "CancelOrder"],
      fragment: "#name=scope+orders%3Awrite",
    },
    {
      name: "nothing found",
      use: (page) => page.fill("input[name=text]", "no such method"),
      want: [],
      fragment: "#text=no+such+method",
    },
  ])("$name", async ({ use, want, fragment }) => {
    const page = await open(example());
    expect(await shown(page)).toHaveLength(13);
    await use(page);
    await settle(page);
    expect(await shown(page)).toEqual(want);
    expect(await page.textContent("#status")).toBe(`${want.length} of 13 methods`);
    expect(new URL(page.url()).hash).toBe(fragment);
    // A link shows the same.
    const other = await open(page.url());
    expect(await shown(other)).toEqual(want);
    await other.close();
    await page.click("button[type=reset]");
    await settle(page);
    expect(await shown(page)).toHaveLength(13);
    expect(new URL(page.url()).hash).toBe("");
    await page.close();
  });

  test("a fragment that is no view of the page counts as none", async () => {
    const page = await open(`${example()}#caller=root&layout=__proto__&only=1&role=%00&text=%`);
    expect(await page.textContent("#summary")).toBe("");
    expect(await page.textContent("#status")).toBe("0 of 13 methods");
    await page.close();
  });
});

const names = ["admin", "customer", "support"];
const callers = fc.record({
  kind: fc.constantFrom("anonymous", "user", "service"),
  roles: fc.subarray(names),
  scopes: fc.subarray(["orders:write"]),
  permissions: fc.subarray(["stock.count", "stock.read"]),
});

test("the question about a caller has the answers of can() by the generated tables", async () => {
  const policies: ServicePolicy[] = [];
  for (const file of readFolder(exampleTables, "_auth.js").keys()) {
    const module: Record<string, ServicePolicy> = await import(join(exampleTables, file));
    policies.push(...Object.values(module).filter(({ typeName }) => typeof typeName === "string"));
  }
  const page = await open(example());
  await page.click("#question summary");
  await fc.assert(
    fc.asyncProperty(callers, async ({ kind, ...held }) => {
      await page.check(`input[name=caller][value=${kind}]`);
      for (const box of await page.$$("input[name=role], input[name=scope], input[name=permission]")) {
        const [name, value] = [await box.getAttribute("name"), (await box.getAttribute("value")) ?? ""];
        await box.setChecked(held[`${name}s` as keyof typeof held].includes(value));
      }
      await settle(page);
      const found = await page.$$eval(".list tbody tr", (rows) =>
        rows.map((row) => [
          row.querySelector("th .name")?.textContent ?? "",
          row.querySelector(".answer")?.textContent ?? "",
        ]),
      );
      const answers = new Map(found as [string, string][]);
      for (const policy of policies) {
        for (const [method, row] of Object.entries(policy.methods)) {
          const caller = kind === "anonymous" ? undefined : { ...held, internal: kind === "service" };
          const { condition, ...rest } = row as { condition?: object } & typeof row;
          const plain = { ...policy, methods: { [method]: rest as typeof row } };
          const isReached = kind !== "service" || row.access === "internal" || row.access === "public";
          const isAllowed = isReached && can<ServicePolicy>(plain, method, caller);
          const allowed = condition ? "◐ may call, if the condition is true" : "✓ may call";
          const other = row.access === "unspecified" ? "? the server’s code decides" : "✗ may not call";
          expect([method, answers.get(method)]).toEqual([method, isAllowed ? allowed : other]);
        }
      }
      const may = [...answers.values()].filter((answer) => answer === "✓ may call").length;
      expect(await page.textContent("#summary")).toContain(`may call ${may} of 13 methods`);
    }),
    { numRuns: 30 },
  );
  await page.check("input[name=only]");
  await settle(page);
  const visible = await page.$$eval(".list tbody tr:not([hidden]) .answer", (cells) =>
    cells.map((one) => one.textContent),
  );
  expect(visible.filter((answer) => !/^[✓◐]/.test(answer ?? ""))).toEqual([]);
  await page.close();
});

test("works with the keyboard alone", async () => {
  const page = await open(example());
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  await press("Tab");
  await page.keyboard.type("stock");
  // Over the filters and the reset to the question.
  await press("Tab", "Tab", "Tab", "Tab", "Tab", "Enter", "Tab", "ArrowRight", "ArrowRight", "Tab");
  await settle(page);
  expect(await page.evaluate(() => (document.activeElement as HTMLInputElement).value)).toBe("admin");
  await press("Tab", "Tab", "Tab", "Tab", "Space");
  await settle(page);
  expect(new URL(page.url()).hash).toBe("#text=stock&caller=user&permission=stock.count");
  expect(await shown(page)).toEqual(["GetStock", "CountStock"]);
  expect(await page.textContent("#summary")).toContain("1 more under a condition");
  await page.close();
});

test("without JavaScript every method is there, and no control that does nothing", async () => {
  const page = await open(example(), { javaScriptEnabled: false });
  expect(await page.locator(".list tbody tr:visible").count()).toBe(13);
  expect(await page.locator("form:visible").count()).toBe(0);
  await page.close();
});

test("prints the methods that are shown, without the controls", async () => {
  const page = await open(`${example()}#service=shop.v1.OrderService`);
  await page.emulateMedia({ media: "print" });
  expect(await page.locator("form:visible").count()).toBe(0);
  expect(await page.locator(".list tbody tr:visible").count()).toBe(7);
  await page.close();
});

describe.each(["light", "dark"] as const)("in the colour scheme %s", (colorScheme) => {
  test.each([1280, 390])("%d px wide: no violation of axe, and no scrolling sideways", async (width) => {
    for (const [name, fragment] of [
      ["list", ""],
      ["caller", "#caller=user&role=support&permission=stock.read&permission=stock.count"],
      ["matrix", "#layout=matrix"],
    ] as const) {
      const page = await open(example() + fragment, { colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
      await page.screenshot({ path: `${artifacts}access-report-${name}-${colorScheme}-${width}.png`, fullPage: true });
      await page.addScriptTag({ content: axe });
      const violations = await page.evaluate(async () => {
        const { axe } = globalThis as unknown as { axe: Axe };
        const { violations, passes } = await axe.run({
          runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"],
        });
        if (passes.length < 25) throw new Error(`axe tested ${passes.length} rules only`);
        return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
      });
      expect({ name, violations }).toEqual({ name, violations: [] });
      await page.close();
    }
  });
});

interface Axe {
  run(options: object): Promise<{ readonly violations: Violation[]; readonly passes: object[] }>;
}
interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

test("5,000 methods: filters, the question and the matrix work", async () => {
  const page = await open(large());
  expect(await page.textContent("#status")).toBe("5000 of 5000 methods");
  await page.fill("input[name=text]", "number 499");
  await settle(page);
  expect(await page.textContent("#status")).toBe("15 of 5000 methods");
  await page.fill("input[name=text]", "");
  await page.click("#question summary");
  await page.check("input[name=caller][value=user]");
  await page.fill("fieldset:has([name=role]) .narrow", "r15");
  expect(await page.locator(".names label:visible:has([name=role])").allTextContents()).toEqual(["r15", "r15x"]);
  await page.check("input[name=role][value=r15]");
  await page.check("input[name=only]");
  await settle(page);
  const callable = await shown(page);
  // Public ones, those for any caller, and those with the role.
  expect(callable.length).toBeGreaterThan(2_000);
  expect(await page.textContent("#status")).toBe(`${callable.length} of 5000 methods`);
  await page.check("input[name=layout][value=matrix]");
  await settle(page);
  expect(await page.locator("section:first-of-type .matrix:visible").count()).toBe(1);
  await page.close();
});

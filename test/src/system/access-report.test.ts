import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { AxeResults } from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRandom } from "../faults/random.js";
import {
  type AskedCaller,
  ask,
  createReportFile,
  expectedAnswers,
  openReport,
  type ReportFile,
} from "./access-report-page.js";
import { exampleProtos, hostileNames, hostileProtos, largeProtos } from "./access-report-schema.js";
import { startBrowser } from "./web-page-browser.js";

const artifacts = fileURLToPath(new URL("../../artifacts/", import.meta.url));
const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

let browser: Browser;
const reports = {} as Record<"example" | "hostile" | "large", ReportFile>;

beforeAll(async () => {
  mkdirSync(artifacts, { recursive: true });
  browser = await startBrowser();
  reports.example = await createReportFile(exampleProtos());
  reports.hostile = await createReportFile(hostileProtos());
  reports.large = await createReportFile(largeProtos());
});

afterAll(async () => {
  await browser?.close();
  for (const report of Object.values(reports)) report.remove();
});

/** The methods that the reader sees, of the list or of the matrix. */
function shown(page: Page): Promise<string[]> {
  return page.$$eval("section.service tbody tr .name", (names) =>
    names
      .filter((name) => name.checkVisibility({ contentVisibilityAuto: false }))
      .map((name) => name.textContent ?? ""),
  );
}

const all = [
  ...["SendFeedback", "ListProducts", "GetOrder", "WatchOrders", "ImportOrders", "Chat", "CancelOrder", "PurgeOrders"],
  ...["GetStock", "CountStock", "GetMe", "ListUsers", "DeleteUser"],
];

describe("filters show the methods that they name", () => {
  test.each([
    { name: "no filter", set: {}, want: all },
    { name: "a word of the comment", set: { text: "CONVERSATION" }, want: ["Chat"] },
    { name: "a word of the condition", set: { text: "item.amount" }, want: ["CountStock"] },
    {
      name: "two words, both of them",
      set: { text: "orders support stream" },
      want: ["WatchOrders", "ImportOrders", "Chat"],
    },
    { name: "a text that no method has", set: { text: "zebra" }, want: [] },
    { name: "a service", set: { service: "shop.v1.StockService" }, want: ["GetStock", "CountStock"] },
    { name: "an access", set: { access: "internal" }, want: ["PurgeOrders"] },
    { name: "a role", set: { role: "admin" }, want: ["ListUsers"] },
    { name: "a scope", set: { scope: "orders:write" }, want: ["ImportOrders", "CancelOrder"] },
    { name: "a permission", set: { permission: "stock.read" }, want: ["GetStock"] },
    { name: "a role and a scope", set: { role: "customer", scope: "orders:write" }, want: ["CancelOrder"] },
  ])("$name", async ({ set, want }) => {
    const { page, faults } = await openReport(browser, reports.example.url);
    for (const [id, value] of Object.entries(set)) {
      if (id === "text") await page.fill("#text", value);
      else await page.selectOption(`#${id}`, { label: value });
    }
    await expect.poll(() => shown(page)).toEqual(want);
    const count = want.length === 0 ? "No method matches the filters." : `${want.length} of 13 methods shown.`;
    await expect.poll(() => page.textContent("#status")).toBe(count);
    // A service without shown methods is gone.
    const services = await page.$$eval("section.service:not([hidden])", (sections) => sections.length);
    expect(services === 0).toBe(want.length === 0);

    // The matrix shows the same methods, and the link shows the same matrix.
    await page.check('[name="view"][value="matrix"]', { force: true });
    await expect.poll(() => shown(page)).toEqual(want);
    await expect.poll(() => page.url()).toContain("view=matrix");
    const linked = await openReport(browser, page.url());
    expect(await shown(linked.page)).toEqual(want);
    expect([...faults, ...linked.faults]).toEqual([]);
    await linked.page.close();
    await page.close();
  });
});

test("back and forward show the filters before and after", async () => {
  const { page, faults } = await openReport(browser, reports.example.url);
  await page.selectOption("#access", { label: "internal" });
  await expect.poll(() => page.url()).toContain("access=internal");
  await page.selectOption("#access", { label: "public" });
  await expect.poll(() => page.url()).toContain("access=public");
  await page.goBack();
  await expect.poll(() => shown(page)).toEqual(["PurgeOrders"]);
  await page.goBack();
  await expect.poll(() => shown(page)).toEqual(all);
  await page.goForward();
  await expect.poll(() => shown(page)).toEqual(["PurgeOrders"]);
  await page.click("button[type=reset]");
  await expect.poll(() => shown(page)).toEqual(all);
  expect(faults).toEqual([]);
  await page.close();
});

test("the matrix marks the names that methods need, in words too", async () => {
  const { page, faults } = await openReport(browser, `${reports.example.url}#view=matrix&service=shop.v1.OrderService`);
  const cells = await page.$$eval("section.service:not([hidden]) .matrix tr", (rows) =>
    rows.map((row) => [...row.children].map((cell) => (cell.textContent ?? "").replace(/^(role|scope) /, ""))),
  );
  const any = "○one of these suffices";
  expect(cells.map(([method, , access, ...marks]) => [method, access, ...marks])).toEqual([
    ["Method", "Access", "customer", "support", "orders:write"],
    ["ListProducts", "public", "", "", ""],
    ["GetOrder", "requires", any, any, ""],
    ["WatchOrders", "requires", any, any, ""],
    ["ImportOrders", "requires", "", "●needed", "●needed"],
    ["Chat", "requires", any, any, ""],
    ["CancelOrder", "requires", any, any, "●needed"],
    ["PurgeOrders", "internal", "", "", ""],
  ]);
  expect(faults).toEqual([]);
  await page.close();
});

describe("the answers for a caller are those of can() by the generated tables", () => {
  test.each([
    { schema: "example", callers: 100 },
    { schema: "hostile", callers: 100 },
    { schema: "large", callers: 60 },
  ] as const)("$schema: $callers random callers", async ({ schema, callers }) => {
    const { url, tables } = reports[schema];
    const { page, faults } = await openReport(browser, url);
    const names = namesOf(tables);
    const random = createRandom(11, schema);
    const seen = new Map<string, number>();
    for (let index = 0; index < callers; index++) {
      const share = random.pick([0, 0.2, 0.5, 0.9, 1]);
      const some = (list: readonly string[]) => list.filter(() => random.chance(share));
      const caller: AskedCaller = {
        kind: random.pick(["anonymous", "signed-in", "signed-in", "internal"] as const),
        ...{ roles: some(names.roles), scopes: some(names.scopes), permissions: some(names.permissions) },
      };
      const want = expectedAnswers(tables, caller);
      expect(await ask(page, caller)).toEqual(want);
      for (const answer of want) {
        const kind = answer.slice(answer.lastIndexOf(" ") + 1);
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
      }
    }
    // Random callers that meet one answer only would show nothing.
    expect([...seen.keys()].sort()).toEqual(
      schema === "hostile" ? ["bound", "no", "yes"] : ["bound", "code", "no", "yes"],
    );
    expect(faults).toEqual([]);
    await page.close();
  });

  test("in words, with their conditions, counted, and filtered", async () => {
    const link = `${reports.example.url}#caller=signed-in&roles=customer&permissions=stock.count&callable=1`;
    const { page, faults } = await openReport(browser, link);
    expect(await shown(page)).toEqual(["ListProducts", "GetOrder", "WatchOrders", "Chat", "CountStock", "GetMe"]);
    expect(await page.textContent(".list tr:not([hidden]) td.answer:has(.bound)")).toBe(
      "may call if request.branch == caller.claims.branch and request.items.all(item, item.amount >= 0)",
    );
    expect(await page.$$eval("#status > *", (parts) => parts.map((part) => part.textContent))).toEqual([
      "6 of 13 methods shown.",
      "A signed-in caller with role customer and permission stock.count:",
      "may call 5may call 1 under a condition or on a resourcemay not call 6the server’s code decides 1",
    ]);
    await page.uncheck("#callable");
    await expect.poll(() => shown(page)).toEqual(all);
    expect(await page.textContent('tr:has-text("SendFeedback") td.answer')).toBe("the server’s code decides");
    expect(faults).toEqual([]);
    await page.close();
  });
});

function namesOf(tables: readonly { methods: object }[]) {
  const names = { roles: new Set<string>(), scopes: new Set<string>(), permissions: new Set<string>() };
  for (const row of tables.flatMap(({ methods }) => Object.values(methods) as Record<string, string[]>[])) {
    for (const name of row["roles"] ?? []) names.roles.add(name);
    for (const name of row["scopes"] ?? []) names.scopes.add(name);
    for (const name of [...(row["permissions"] ?? []), ...(row["anyPermissions"] ?? [])]) names.permissions.add(name);
  }
  return { roles: [...names.roles], scopes: [...names.scopes], permissions: [...names.permissions] };
}

test.each([
  { name: "the list first", fragments: ["#caller=signed-in&roles=admin", "#view=matrix&caller=signed-in&roles=admin"] },
  {
    name: "the matrix first",
    fragments: ["#view=matrix", "#view=matrix&caller=signed-in&roles=admin", "#caller=signed-in&roles=admin"],
  },
])("list and matrix show the same answers: $name", async ({ fragments }) => {
  const { page, faults } = await openReport(browser, reports.example.url);
  for (const fragment of fragments) {
    await page.evaluate((fragment) => location.assign(fragment), fragment);
    await page.waitForFunction(
      (fragment) => (fragment.includes("matrix") ? "matrix" : "list") === document.body.dataset["view"],
      fragment,
    );
  }
  const answers = (table: string) =>
    page.$$eval(`${table} tbody .answer`, (cells) => cells.map((cell) => cell.textContent));
  expect(await answers(".list")).toHaveLength(13);
  expect(await answers(".matrix")).toEqual(await answers(".list"));
  expect((await answers(".list")).filter((answer) => answer === "may call")).toHaveLength(3);
  expect(faults).toEqual([]);
  await page.close();
});

test("hostile names are text, in controls, links, answers and the matrix", async () => {
  const link = `${reports.hostile.url}#view=matrix&caller=internal&roles=${encodeURIComponent(hostileNames[4] ?? "")}&role=__proto__`;
  const { page, faults } = await openReport(browser, link);
  expect(await shown(page)).toEqual(["__proto__"]);
  expect(await page.$$eval("img, section script, #controls script", (found) => found.length)).toBe(0);
  await page.selectOption("#role", { index: 0 });
  for (const [index, name] of hostileNames.entries()) {
    await page.fill("#text", name);
    await expect.poll(() => shown(page)).not.toEqual([]);
    if (index % 4 === 0) await page.selectOption("#role", { label: name });
    await expect.poll(() => page.url()).toContain(new URLSearchParams({ text: name }).toString());
    const linked = await openReport(browser, page.url());
    expect(await linked.page.inputValue("#text")).toBe(name);
    expect(await shown(linked.page)).toEqual(await shown(page));
    expect(linked.faults).toEqual([]);
    await linked.page.close();
    await page.selectOption("#role", { index: 0 });
  }
  expect(faults).toEqual([]);
  await page.close();
});

test("a link with choices that the report does not have shows all methods", async () => {
  const link = `${reports.example.url}#service=gone.v1.S&role=gone&caller=root"]&view=x&roles=gone&%`;
  const { page, faults } = await openReport(browser, link);
  expect(await shown(page)).toEqual(all);
  expect(faults).toEqual([]);
  await page.close();
});

test("works with the keyboard alone", async () => {
  const { page, faults } = await openReport(browser, reports.example.url);
  const tabTo = async (selector: string) => {
    for (let steps = 0; steps < 60; steps++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate((selector) => document.activeElement?.matches(selector), selector)) {
        // The focus is visible.
        const outline = await page.evaluate(() => {
          const focused = document.activeElement as HTMLElement;
          const drawn = focused.parentElement?.matches(".segments label") ? focused.nextElementSibling : focused;
          return getComputedStyle(drawn as Element).outlineStyle;
        });
        expect({ selector, outline }).not.toEqual({ selector, outline: "none" });
        return;
      }
    }
    throw new Error(`the keyboard does not reach ${selector}`);
  };
  await tabTo("#text");
  await page.keyboard.type("orders");
  await tabTo("#access");
  await page.keyboard.type("req");
  await expect.poll(() => shown(page)).toEqual(["GetOrder", "WatchOrders", "ImportOrders", "Chat", "CancelOrder"]);
  await tabTo('[name="view"]');
  await page.keyboard.press("ArrowRight");
  await tabTo('[name="caller"]');
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await tabTo("#held-roles input");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  await expect.poll(() => page.textContent("#status")).toContain("A signed-in caller with role customer:");
  await tabTo("#callable");
  await page.keyboard.press("Space");
  await expect.poll(() => shown(page)).toEqual(["GetOrder", "WatchOrders", "Chat"]);
  await tabTo("button[type=reset]");
  await tabTo(".matrix");
  expect(faults).toEqual([]);
  await page.close();
});

const looks = [1280, 390].flatMap((width) =>
  (["light", "dark"] as const).map((colorScheme) => ({ width, colorScheme })),
);
const views = [
  { view: "list", fragment: "" },
  { view: "caller", fragment: "#caller=signed-in&roles=support&permissions=stock.read" },
  { view: "matrix", fragment: "#view=matrix&caller=signed-in&roles=customer&scopes=orders%3Awrite" },
];

describe("is readable", () => {
  test.each(looks.flatMap((look) => views.map((view) => ({ ...look, ...view }))))(
    "$width px, $colorScheme, $view",
    async ({ width, colorScheme, view, fragment }) => {
      const options = { viewport: { width, height: 900 }, colorScheme };
      const { page, faults } = await openReport(browser, reports.example.url + fragment, options);
      await page.screenshot({ path: `${artifacts}access-report-${view}-${width}-${colorScheme}.png` });
      await page.$$eval("details", (all) => {
        for (const details of all) details.open = true;
      });
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
      // From here on, the script of axe.
      expect(faults).toEqual([]);
      const { violations } = await checkWithAxe(page);
      expect(violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)])).toEqual([]);
      await page.close();
    },
  );

  test("a page that does not follow the rules is noticed", async () => {
    const { page } = await openReport(browser, reports.example.url);
    await page.evaluate(() => document.querySelector("label:has(#text) > span")?.remove());
    await page.evaluate(() => document.getElementById("text")?.removeAttribute("placeholder"));
    const { violations } = await checkWithAxe(page);
    expect(violations.map(({ id }) => id)).toEqual(["label"]);
    await page.close();
  });

  test("on paper: every shown method, without the controls", async () => {
    const { page } = await openReport(browser, `${reports.example.url}#access=requires`);
    expect(await page.isVisible("#controls")).toBe(true);
    await page.emulateMedia({ media: "print" });
    expect(await page.isVisible("#controls")).toBe(false);
    expect(await shown(page)).toHaveLength(8);
    expect(
      await page.$$eval("section.service:not([hidden])", (all) =>
        all.map((one) => getComputedStyle(one).contentVisibility),
      ),
    ).toEqual(["visible", "visible", "visible"]);
    await page.close();
  });

  test("without JavaScript: every method, without the controls", async () => {
    const { page, faults } = await openReport(browser, reports.example.url, { javaScriptEnabled: false });
    expect(await page.locator("#controls").isVisible()).toBe(false);
    expect(await page.locator("tbody tr").count()).toBe(13);
    await page.screenshot({ path: `${artifacts}access-report-static.png` });
    expect(faults).toEqual([]);
    await page.close();
  });
});

async function checkWithAxe(page: Page): Promise<AxeResults> {
  // Not as an element, which the policy of the page would refuse.
  const { readFileSync } = await import("node:fs");
  await page.evaluate(readFileSync(axe, "utf8"));
  return page.evaluate(() => (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run());
}

test("5,000 methods stay smooth", async () => {
  const { url, bytes } = reports.large;
  const { page, faults } = await openReport(browser, url);
  const figures = await page.evaluate(async () => {
    const text = document.getElementById("text") as HTMLInputElement;
    const radio = document.querySelector('[name="caller"][value="signed-in"]') as HTMLInputElement;
    const matrix = document.querySelector('[name="view"][value="matrix"]') as HTMLInputElement;
    /** From the event to the end of the frame that shows its result, in milliseconds. */
    const measure = async (input: HTMLInputElement, change: () => void) => {
      const start = performance.now();
      change();
      input.dispatchEvent(new Event("input", { bubbles: true }));
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      return Math.round(performance.now() - start);
    };
    const type = (value: string) => measure(text, () => Object.assign(text, { value }));
    const check = (input: HTMLInputElement) => measure(input, () => Object.assign(input, { checked: true }));
    const boxes = [...document.querySelectorAll<HTMLInputElement>("#held-roles .scroll input")];
    return {
      filter: [await type("s"), await type("step1"), await type("step1 task1"), await type("role1"), await type("")],
      firstAnswer: await check(radio),
      answers: [await check(boxes[0] as HTMLInputElement), await check(boxes[1] as HTMLInputElement)],
      matrix: await check(matrix),
      filterBoth: [await type("step2"), await type("")],
    };
  });
  console.info(`5,000 methods, ${Math.round(bytes / 1024)} KiB, milliseconds:`, JSON.stringify(figures));
  await page.screenshot({ path: `${artifacts}access-report-large.png` });
  // A generous bound, for busy machines: it notices work that grows with the square of the methods.
  expect(Math.max(...figures.filter, ...figures.answers)).toBeLessThan(2_000);
  expect(await page.textContent("#status")).toContain("5000 of 5000 methods shown.");
  expect(faults).toEqual([]);
  await page.close();
});

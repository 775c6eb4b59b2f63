import { describe, expect, test } from "vitest";
import { artifacts, openReport, shown, useReports } from "./access-report-page.js";
import {
  awkwardProtos,
  exampleMethods,
  exampleProtos,
  hostileNames,
  hostileProtos,
  largeProtos,
} from "./access-report-schema.js";

const used = useReports({
  example: exampleProtos(),
  hostile: hostileProtos(),
  large: largeProtos(),
  awkward: awkwardProtos(),
});

describe("filters show the methods that they name", () => {
  test.each([
    { name: "no filter", set: {}, want: exampleMethods },
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
    const { page, faults } = await openReport(used.browser, used.reports.example.url);
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
    const linked = await openReport(used.browser, page.url());
    expect(await shown(linked.page)).toEqual(want);
    expect([...faults, ...linked.faults]).toEqual([]);
    await linked.page.close();
    await page.close();
  });
});

test("back and forward show the filters before and after", async () => {
  const { page, faults } = await openReport(used.browser, used.reports.example.url);
  await page.selectOption("#access", { label: "internal" });
  await expect.poll(() => page.url()).toContain("access=internal");
  await page.selectOption("#access", { label: "public" });
  await expect.poll(() => page.url()).toContain("access=public");
  await page.goBack();
  await expect.poll(() => shown(page)).toEqual(["PurgeOrders"]);
  await page.goBack();
  await expect.poll(() => shown(page)).toEqual(exampleMethods);
  await page.goForward();
  await expect.poll(() => shown(page)).toEqual(["PurgeOrders"]);
  await page.click("button[type=reset]");
  await expect.poll(() => shown(page)).toEqual(exampleMethods);
  expect(faults).toEqual([]);
  await page.close();
});

test("the matrix marks the names that methods need, in words too", async () => {
  const { page, faults } = await openReport(
    used.browser,
    `${used.reports.example.url}#view=matrix&service=shop.v1.OrderService`,
  );
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

test("a matrix that nobody could read is not drawn", async () => {
  const { page, faults } = await openReport(used.browser, `${used.reports.awkward.url}#view=matrix`);
  expect(await page.$$eval(".matrix", (all) => all.map((one) => one.textContent?.slice(0, 60)))).toEqual([
    expect.stringContaining("Method"),
    "No matrix: it would have 300 columns. Use the list.",
  ]);
  expect(faults).toEqual([]);
  await page.close();
});

test("a long list of names has a filter of its own, which Reset clears", async () => {
  const { page, faults } = await openReport(used.browser, `${used.reports.awkward.url}#caller=signed-in`);
  const names = () =>
    page.$$eval("#held-roles .scroll label", (all) =>
      all.filter((one) => one.checkVisibility()).map((one) => one.textContent),
    );
  expect(await names()).toHaveLength(31);
  await page.fill("#held-roles input[type=search]", "ROLE2");
  expect(await names()).toEqual(["role2", ...Array.from({ length: 10 }, (_, index) => `role2${index}`)]);
  await page.check("#held-roles label:has-text('role29') input");
  await expect.poll(() => page.url()).toContain("roles=role29");
  await page.click("button[type=reset]");
  await page.check('[name="caller"][value="signed-in"]');
  await expect.poll(names).toHaveLength(31);
  // A short list has none.
  expect(await page.locator("#held-permissions input[type=search]").count()).toBe(0);
  expect(faults).toEqual([]);
  await page.close();
});

test("hostile names are text, in controls, links, answers and the matrix", async () => {
  const link = `${used.reports.hostile.url}#view=matrix&caller=internal&roles=${encodeURIComponent(hostileNames[4] ?? "")}&role=__proto__`;
  const { page, faults } = await openReport(used.browser, link);
  expect(await shown(page)).toEqual(["__proto__"]);
  expect(await page.$$eval("img, section script, #controls script", (found) => found.length)).toBe(0);
  await page.selectOption("#role", { index: 0 });
  for (const [index, name] of hostileNames.entries()) {
    await page.fill("#text", name);
    await expect.poll(() => shown(page)).not.toEqual([]);
    if (index % 4 === 0) await page.selectOption("#role", { label: name });
    await expect.poll(() => page.url()).toContain(new URLSearchParams({ text: name }).toString());
    const linked = await openReport(used.browser, page.url());
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
  const link = `${used.reports.example.url}#service=gone.v1.S&role=gone&caller=root"]&view=x&roles=gone&%`;
  const { page, faults } = await openReport(used.browser, link);
  expect(await shown(page)).toEqual(exampleMethods);
  expect(faults).toEqual([]);
  await page.close();
});

test("5,000 methods stay smooth", async () => {
  const { url, bytes } = used.reports.large;
  const { page, faults } = await openReport(used.browser, url);
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

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { artifacts, openReport, shown, useReports } from "./access-report-page.js";
import { awkwardProtos, exampleProtos } from "./access-report-schema.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const used = useReports({
  example: exampleProtos(),
  awkward: awkwardProtos(),
  empty: { "empty.proto": 'syntax = "proto3"; package empty.v1;' },
});

test("works with the keyboard alone", async () => {
  const { page, faults } = await openReport(used.browser, used.reports.example.url);
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
  { schema: "example", view: "list", fragment: "" },
  { schema: "example", view: "caller", fragment: "#caller=signed-in&roles=support&permissions=stock.read" },
  { schema: "example", view: "matrix", fragment: "#view=matrix&caller=signed-in&roles=customer&scopes=orders%3Awrite" },
  { schema: "awkward", view: "caller", fragment: "#service=&caller=signed-in&roles=role3&permissions=المدير" },
  { schema: "awkward", view: "matrix", fragment: "#view=matrix&caller=signed-in&roles=role3" },
  { schema: "empty", view: "caller", fragment: "#caller=anonymous" },
] as const;

describe("is readable", () => {
  test.each(looks.flatMap((look) => views.map((view) => ({ ...look, ...view }))))(
    "$width px, $colorScheme, $schema, $view",
    async ({ width, colorScheme, schema, view, fragment }) => {
      const options = { viewport: { width, height: 900 }, colorScheme };
      const { page, faults } = await openReport(used.browser, used.reports[schema].url + fragment, options);
      await page.screenshot({ path: `${artifacts}access-report-${schema}-${view}-${width}-${colorScheme}.png` });
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
    const { page } = await openReport(used.browser, used.reports.example.url);
    await page.evaluate(() => document.querySelector("label:has(#text) > span")?.remove());
    await page.evaluate(() => document.getElementById("text")?.removeAttribute("placeholder"));
    const { violations } = await checkWithAxe(page);
    expect(violations.map(({ id }) => id)).toEqual(["label"]);
    await page.close();
  });

  test.each([1280, 390])("%i px: names in the matrix stay on one line, and long ones break", async (width) => {
    const lines = async (schema: "example" | "awkward") => {
      const options = { viewport: { width, height: 900 } };
      const { page } = await openReport(used.browser, `${used.reports[schema].url}#view=matrix`, options);
      const heights = await page.$$eval(".matrix .name", (names) =>
        names.map((name) => Math.round(name.clientHeight / Number.parseFloat(getComputedStyle(name).lineHeight))),
      );
      await page.close();
      return heights;
    };
    expect(new Set(await lines("example"))).toEqual(new Set([1]));
    const [long = 0, ...short] = await lines("awkward");
    expect(long).toBeGreaterThan(4);
    expect(long).toBeLessThan(40);
    expect(new Set(short)).toEqual(new Set([1]));
  });

  test("on paper, always on white", async () => {
    const { page } = await openReport(used.browser, used.reports.example.url, { colorScheme: "dark" });
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(await background()).not.toBe("rgb(255, 255, 255)");
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    expect(await background()).toBe("rgb(255, 255, 255)");
    await page.close();
  });

  test("on paper: every shown method, without the controls", async () => {
    const { page } = await openReport(used.browser, `${used.reports.example.url}#access=requires`);
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
    const { page, faults } = await openReport(used.browser, used.reports.example.url, { javaScriptEnabled: false });
    expect(await page.locator("#controls").isVisible()).toBe(false);
    expect(await page.locator("tbody tr").count()).toBe(13);
    await page.screenshot({ path: `${artifacts}access-report-static.png` });
    expect(faults).toEqual([]);
    await page.close();
  });
});

async function checkWithAxe(page: Page): Promise<AxeResults> {
  // Not as an element, which the policy of the page would refuse.
  await page.evaluate(axe);
  return page.evaluate(() => (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run());
}

import { describe, expect, test } from "vitest";
import { createRandom } from "../faults/random.js";
import { openReport, shown, useReports } from "./access-report-page.js";
import { type AskedCaller, ask, expectedAnswers } from "./access-report-question.js";
import { exampleMethods, exampleProtos, hostileProtos, largeProtos } from "./access-report-schema.js";

const used = useReports({ example: exampleProtos(), hostile: hostileProtos(), large: largeProtos() });

describe("the answers for a caller are those of can() by the generated tables", () => {
  test.each([
    { schema: "example", callers: 100 },
    { schema: "hostile", callers: 100 },
    { schema: "large", callers: 60 },
  ] as const)("$schema: $callers random callers", async ({ schema, callers }) => {
    const { url, tables } = used.reports[schema];
    const { page, faults } = await openReport(used.browser, url);
    const names = namesOf(tables);
    const random = createRandom(11, schema);
    const seen = new Map<string, number>();
    for (let index = 0; index < callers; index++) {
      const share = random.pick([0, 0.2, 0.5, 0.9, 1]);
      const one = (list: readonly string[]) => (list.length > 0 && random.chance(share) ? random.pick(list) : "");
      const some = (list: readonly string[]) => list.filter(() => random.chance(share));
      const caller: AskedCaller = {
        kind: random.pick(["anonymous", "signed-in", "signed-in", "internal"] as const),
        ...{ roles: some(names.roles), scopes: some(names.scopes), permissions: some(names.permissions) },
        ...{ acr: one(names.acr), age: one(names.ages), credential: one(names.credentials) },
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
    const link = `${used.reports.example.url}#caller=signed-in&roles=customer&permissions=stock.count&callable=1`;
    const { page, faults } = await openReport(used.browser, link);
    expect(await shown(page)).toEqual(["ListProducts", "GetOrder", "WatchOrders", "Chat", "CountStock", "GetMe"]);
    expect(await page.textContent(".list tr:not([hidden]) td.answer:has(.bound)")).toBe(
      "may call if request.branch == caller.claims.branch and request.items.all(item, item.amount >= 0)",
    );
    expect(await page.$$eval("#status p, #status ul", (parts) => parts.map((part) => part.textContent))).toEqual([
      "6 of 13 methods shown.",
      "A signed-in caller with role customer and permission stock.count:",
      "may call 5may call 1 under a condition or on a resourcemay not call 6the server’s code decides 1",
    ]);
    await page.uncheck("#callable");
    await expect.poll(() => shown(page)).toEqual(exampleMethods);
    expect(await page.textContent('tr:has-text("SendFeedback") td.answer')).toBe("the server’s code decides");
    expect(faults).toEqual([]);
    await page.close();
  });
});

function namesOf(tables: readonly { methods: object }[]) {
  const rows = tables.flatMap(({ methods }) => Object.values(methods) as Record<string, string[] | number>[]);
  const all = (...fields: readonly string[]) => [
    ...new Set(rows.flatMap((row) => fields.flatMap((field) => (row[field] as string[] | undefined) ?? []))),
  ];
  return {
    ...{ roles: all("roles"), scopes: all("scopes"), permissions: all("permissions", "anyPermissions") },
    ...{ acr: all("acr"), credentials: all("credentials") },
    // Just within, and beyond.
    ages: all("maxAgeSeconds").flatMap((age) => [String(Number(age) - 50), String(Number(age) + 50)]),
  };
}

test.each([
  { name: "the list first", fragments: ["#caller=signed-in&roles=admin", "#view=matrix&caller=signed-in&roles=admin"] },
  {
    name: "the matrix first",
    fragments: ["#view=matrix", "#view=matrix&caller=signed-in&roles=admin", "#caller=signed-in&roles=admin"],
  },
])("list and matrix show the same answers: $name", async ({ fragments }) => {
  const { page, faults } = await openReport(used.browser, used.reports.example.url);
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

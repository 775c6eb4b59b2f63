import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { ServicePolicy } from "@connectum/auth/policy";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { compile } from "../generator/schema.js";
import { generate } from "../openapi/run-overlay.js";
import { startBrowser } from "./web-page-browser.js";

/** The report of a schema, as a file, and the generated tables of the same run. */
export interface ReportFile {
  readonly url: string;
  readonly bytes: number;
  readonly tables: readonly ServicePolicy[];
  remove(): void;
}

async function createReportFile(protos: Readonly<Record<string, string>>): Promise<ReportFile> {
  const { files, error } = generate(compile(protos), Object.keys(protos), "target=js,report=access.html");
  if (error !== "") throw new Error(error);
  const folder = mkdtempSync(join(tmpdir(), "connectum-report-"));
  const tables: ServicePolicy[] = [];
  for (const [name, content] of files) {
    const file = join(folder, name.replaceAll("/", "_").replace(/\.js$/, ".mjs"));
    writeFileSync(file, content);
    if (!file.endsWith(".mjs")) continue;
    const module: Record<string, unknown> = await import(pathToFileURL(file).href);
    tables.push(
      ...Object.entries(module).flatMap(([key, value]) => (key.endsWith("Policy") ? [value as ServicePolicy] : [])),
    );
  }
  return {
    url: pathToFileURL(join(folder, "access.html")).href,
    bytes: Buffer.byteLength(files.get("access.html") ?? ""),
    tables,
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** A page, and everything that it must not do: errors, messages, dialogs and requests. */
export interface ReportPage {
  readonly page: Page;
  readonly faults: string[];
}

export async function openReport(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<ReportPage> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...options });
  page.setDefaultTimeout(20_000);
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => faults.push(message.text()));
  page.on("dialog", (dialog) => {
    faults.push(dialog.message());
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    if (request.url().split("#")[0] !== url.split("#")[0]) faults.push(request.url());
  });
  await page.goto(url);
  return { page, faults };
}

/** The methods that the reader sees, of the list or of the matrix. */
export function shown(page: Page): Promise<string[]> {
  return page.$$eval("section.service tbody tr .name", (names) =>
    names
      .filter((name) => name.checkVisibility({ contentVisibilityAuto: false }))
      .map((name) => name.textContent ?? ""),
  );
}

/** Screenshots, to look at. */
export const artifacts: string = fileURLToPath(new URL("../../artifacts/", import.meta.url));

/** A browser and the reports of schemas, for the tests of a file. */
export function useReports<Name extends string>(
  schemas: Readonly<Record<Name, Readonly<Record<string, string>>>>,
): { readonly browser: Browser; readonly reports: Readonly<Record<Name, ReportFile>> } {
  const reports = {} as Record<Name, ReportFile>;
  const used = { browser: undefined as unknown as Browser, reports };
  beforeAll(async () => {
    mkdirSync(artifacts, { recursive: true });
    used.browser = await startBrowser();
    for (const name of Object.keys(schemas) as Name[]) reports[name] = await createReportFile(schemas[name]);
  });
  afterAll(async () => {
    await used.browser?.close();
    for (const report of Object.values<ReportFile>(reports)) report.remove();
  });
  return used;
}

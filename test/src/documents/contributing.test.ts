import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { packageVersion } from "../generator/plugin-package.js";
import { root } from "../published/run.js";

const read = (file: string) => readFileSync(join(root, file), "utf8");
const workflows = readdirSync(join(root, ".github/workflows")).map((file) => `.github/workflows/${file}`);
const { scripts } = JSON.parse(read("package.json")) as { scripts: Readonly<Record<string, string>> };

/** The job and the command of each row of the table in CONTRIBUTING.md. */
const jobs = [...read("CONTRIBUTING.md").matchAll(/^\| (.*?) +\| (`np[mx] .*?) +\|$/gm)].map(
  ([, job = "", cell = ""]) => ({
    job,
    cell,
  }),
);

/** Commands as people and workflows write them: in back quotes, or as a step. */
function commandsOf(file: string): string[] {
  return [...read(file).matchAll(/`(np[mx] [^`\n]+)`|(?:run|version): (np[mx] .+)$/gm)].map(
    ([, quoted, step]) => quoted ?? step ?? "",
  );
}

/** Whether a command line starts a script of the repository, a program that is installed, or npm itself. */
function exists(command: string): boolean {
  const [program, verb = "", name = ""] = command.split(" ");
  if (program === "npx") return existsSync(join(root, "node_modules/.bin", verb));
  if (verb === "ci" || verb === "publish") return true;
  return Object.hasOwn(scripts, verb === "run" ? name : verb);
}

test("each job of the table has a command of its own", () => {
  expect(jobs.length).toBeGreaterThan(12);
  for (const { job, cell } of jobs) expect(cell, job).toMatch(/^`[^`]+`$/);
  expect(new Set(jobs.map(({ cell }) => cell)).size).toBe(jobs.length);
  expect(new Set(jobs.map(({ job }) => job)).size).toBe(jobs.length);
});

test.each(["CONTRIBUTING.md", ".github/pull_request_template.md", ...workflows])(
  "every command in %s exists",
  (file) => {
    const commands = commandsOf(file);
    expect(commands.length).toBeGreaterThan(2);
    expect(commands.filter((command) => !exists(command))).toEqual([]);
    expect(exists("npm run no-such-script") || exists("npx no-such-program")).toBe(false);
  },
);

test("the filters of test commands find a test file", () => {
  const filters = commandsOf("CONTRIBUTING.md").flatMap((command) => /^npm test -- (\S+)/.exec(command)?.[1] ?? []);
  const files = readdirSync(join(root, "test/src"), { recursive: true, encoding: "utf8" });
  expect(filters.length).toBeGreaterThan(1);
  for (const filter of filters) {
    expect(files.filter((file) => file.endsWith(".test.ts") && file.includes(filter))).toHaveLength(1);
  }
});

test.each(["test/mutation/SURVIVORS.md", "bench/RESULTS.md"])("%s states dates and commands, and is linked", (file) => {
  expect(read("CONTRIBUTING.md")).toContain(`](${file})`);
  const sections = file.startsWith("bench") ? read(file).split(/^## /m).slice(1) : [read(file)];
  for (const section of sections) expect(section).toMatch(/\b20\d\d-\d\d-\d\d\b.*`npm run \S+/);
});

describe("Node", () => {
  const node = read(".nvmrc").trim();

  test("is the version that CONTRIBUTING.md names, and one that CI tests", () => {
    expect(read("CONTRIBUTING.md")).toContain(`Develop with Node ${node},`);
    const matrix = /node: \[(.*)\]/.exec(read(".github/workflows/ci.yml"))?.[1]?.split(", ");
    expect(matrix).toContain(node);
    expect(JSON.parse(read("package.json")).engines.node).toBe(`>=${matrix?.[0]}`);
  });
});

describe("workflows", () => {
  test.each(workflows)("%s names the version of each action, and leaves no credentials behind", (file) => {
    const text = read(file);
    const actions = [...text.matchAll(/uses: (\S+)/g)].map(([, action]) => action);
    expect(actions.length).toBeGreaterThan(2);
    for (const action of actions) expect(action).toMatch(/^[\w-]+\/[\w-]+@(v\d+|[0-9a-f]{40})$/);
    const checkouts = text.split("uses: actions/checkout@").slice(1);
    for (const checkout of checkouts) expect(checkout.split(/^ +- /m)[0]).toContain("persist-credentials: false");
    expect(text).toMatch(/^permissions:/m);
  });
});

describe("the version", () => {
  test.each(["runtime", "plugin"])("of %s is that of both packages, and the newest of its changelog", (folder) => {
    expect(JSON.parse(read(`${folder}/package.json`)).version).toBe(packageVersion);
    expect(/^## (.*)$/m.exec(read(`${folder}/CHANGELOG.md`))?.[1]).toBe(packageVersion);
  });

  test("is written by `npm run release:version` wherever a file names it", () => {
    expect(scripts["release:version"]).toBe("node scripts/version.js");
    for (const file of ["README.md", "plugin/src/process/help.ts"]) expect(read(file)).toContain(packageVersion);
  });
});

import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blocksOf } from "../documents/blocks.js";
import { removeGreeter } from "../documents/greeter.js";
import { removeShop, shop } from "../documents/shop.js";
import { createProject, type Project } from "../published/project.js";
import { root } from "../published/run.js";

const runtimes = join(root, "test/runtimes/node_modules");

const runners = [
  {
    name: "node:test",
    at: "dist",
    command: "node --test --test-reporter=tap dist/testing/*.test.js",
    passed: /^# pass 7$/m,
  },
  {
    name: "vitest",
    at: "src",
    modules: { vitest: join(root, "node_modules/vitest") },
    command: `node ${join(root, "node_modules/vitest/vitest.mjs")} run src/testing`,
    passed: /Tests\s+7 passed \(7\)/,
  },
  {
    name: "jest",
    imported: "@jest/globals",
    at: "dist",
    modules: { "@jest": join(runtimes, "@jest") },
    command: `NODE_OPTIONS=--experimental-vm-modules node ${join(runtimes, "jest/bin/jest.js")} dist/testing`,
    passed: /^Tests: +7 passed, 7 total$/m,
  },
] as const;

const projects: Project[] = [];
let source: Project;
beforeAll(async () => {
  if (!existsSync(runtimes)) throw new Error("jest is missing: run npm ci --prefix test/runtimes");
  source = await shop();
});
afterAll(async () => {
  for (const project of projects) project.remove();
  await removeShop();
  await removeGreeter();
});

/** A copy of the shop with packages of its own beside those that are installed. */
function copyShop(modules: Readonly<Record<string, string>>): Project {
  const project = createProject({ url: "http://127.0.0.1:1", cache: "" });
  projects.push(project);
  for (const entry of ["src", "dist", "package.json", "tsconfig.json"]) {
    cpSync(join(source.folder, entry), join(project.folder, entry), { recursive: true });
  }
  const installed = join(source.folder, "node_modules");
  mkdirSync(join(project.folder, "node_modules"));
  const links = {
    ...Object.fromEntries(readdirSync(installed).map((name) => [name, join(installed, name)])),
    ...modules,
  };
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(project.folder, "node_modules", name));
  return project;
}

/** The tests of docs/testing.md, with the imports and the clock of a runner. */
function adapt(project: Project, at: "src" | "dist", name: string, imported: string): void {
  const folder = `${at}/testing`;
  for (const file of readdirSync(join(project.folder, folder)).filter((file) => /\.test\.[jt]s$/.test(file))) {
    const text = project.read(`${folder}/${file}`);
    expect(text).toContain('from "node:test"');
    project.write(`${folder}/${file}`, text.replace('from "node:test"', `from "${imported}"`));
  }
  const clock = blocksOf("docs/testing.md").find((block) => block.name === `${name} clock.js`);
  if (clock !== undefined) project.write(`${folder}/clock.${at === "src" ? "ts" : "js"}`, clock.text);
}

describe.each(runners)("$name", (runner) => {
  test("runs the tests of docs/testing.md", async () => {
    const project = copyShop("modules" in runner ? runner.modules : {});
    const imported = "imported" in runner ? runner.imported : runner.name;
    if (imported !== "node:test") adapt(project, runner.at, runner.name, imported);
    const { status, output } = await project.tryUse(`NO_COLOR=1 ${runner.command}`);
    expect(output).toMatch(runner.passed);
    expect(status).toBe(0);

    // A test that must fail does: without access control, the viewer cancels.
    const file = runner.at === "src" ? "src/testing/server.test.ts" : "dist/testing/server.test.js";
    const text = project.read(file);
    const open = text.replace("createRouterTransport(routes, { router: auth })", "createRouterTransport(routes)");
    expect(open).not.toBe(text);
    project.write(file, open);
    expect((await project.tryUse(`NO_COLOR=1 ${runner.command}`)).status).not.toBe(0);
  });
});

describe("jest and modules", () => {
  const jest = join(runtimes, "jest/bin/jest.js");
  const node24 = join(runtimes, "n24/bin/node");
  const flag = "NODE_OPTIONS=--experimental-vm-modules";
  const load = { require: 'require("@connectum/auth/testing")', import: 'await import("@connectum/auth/testing")' };

  test.each([
    { how: "import", name: "import() without the flag", command: `node ${jest}`, fails: "--experimental-vm-modules" },
    { how: "import", name: "import() with the flag", command: `${flag} node ${jest}` },
    {
      how: "require",
      name: "require() without the flag",
      command: `node ${jest}`,
      fails: "Must use import to load ES Module",
    },
    { how: "require", name: "require() with the flag, on Node 24", command: `${flag} ${node24} ${jest}` },
  ] as const)("$name", async ({ how, command, ...expected }) => {
    const project = copyShop({ "@jest": join(runtimes, "@jest") });
    project.write("jest.config.js", 'export default { testMatch: ["**/*.test.cjs"] };\n');
    const body = `const { accessMatrix } = ${load[how]};\n  expect(accessMatrix([], {})).toEqual({});`;
    project.write("a.test.cjs", `test("a", async () => {\n  ${body}\n});\n`);
    const { status, output } = await project.tryUse(command);
    const want = "fails" in expected ? { status: 1, text: expected.fails } : { status: 0, text: "1 passed, 1 total" };
    expect({ status, output }).toEqual({ status: want.status, output: expect.stringContaining(want.text) });
  });

  test("tests in ES modules without the flag", async () => {
    const project = copyShop({ "@jest": join(runtimes, "@jest") });
    adapt(project, "dist", "jest", "@jest/globals");
    const { status, output } = await project.tryUse(`node ${jest} dist/testing/policy`);
    expect({ status, output }).toEqual({
      status: 1,
      output: expect.stringContaining("Must use import to load ES Module"),
    });
  });
});

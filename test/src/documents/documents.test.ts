import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { root } from "../published/run.js";
import { authentication, closeIssuers } from "./authentication.js";
import { authorization } from "./authorization.js";
import { blocksOf } from "./blocks.js";
import { clients } from "./clients.js";
import { gatewayPages } from "./gateways.js";
import { generator } from "./generator.js";
import { removeGreeter } from "./greeter.js";
import { closeProviders, identityProviders } from "./identity-providers.js";
import { mcp, removeAgents } from "./mcp.js";
import { migration, removeOrders } from "./migration.js";
import { observability } from "./observability.js";
import { contributing, pluginReadme, runtimeReadme } from "./packages.js";
import { permissions, removeNotes } from "./permissions.js";
import { readme, stopReadme } from "./readme.js";
import { review } from "./review.js";
import type { Runs } from "./runs.js";
import { closeLogin, servers } from "./servers.js";
import { removeShop } from "./shop.js";
import { removeAccounts, stepUp } from "./step-up.js";
import { testing } from "./testing.js";
import { troubleshooting } from "./troubleshooting.js";

/** Every document with blocks, and the tests that execute them. */
const documents: Readonly<Record<string, Runs>> = {
  "README.md": readme,
  "docs/authentication.md": authentication,
  "docs/authorization.md": authorization,
  "docs/clients.md": clients,
  "docs/gateways.md": gatewayPages,
  "docs/generator.md": generator,
  "docs/identity-providers.md": identityProviders,
  "docs/mcp.md": mcp,
  "docs/migration.md": migration,
  "docs/observability.md": observability,
  "docs/permissions.md": permissions,
  "docs/review.md": review,
  "docs/servers.md": servers,
  "docs/step-up.md": stepUp,
  "docs/testing.md": testing,
  "docs/troubleshooting.md": troubleshooting,
  "runtime/README.md": runtimeReadme,
  "plugin/README.md": pluginReadme,
  "CONTRIBUTING.md": contributing,
};

afterAll(async () => {
  await Promise.all([
    stopReadme(),
    closeIssuers(),
    closeLogin(),
    closeProviders(),
    removeShop(),
    removeNotes(),
    removeAccounts(),
    removeOrders(),
    removeAgents(),
  ]);
  await removeGreeter();
});

/** What tools have printed. */
const records = ["bench/RESULTS.md", "test/mutation/SURVIVORS.md"];

test("every document of the repository that has a block is in this list", () => {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"], {
    cwd: root,
  });
  const files = listed
    .toString()
    .split("\0")
    .filter((file) => file !== "" && !/(^|\/)\.\w+\//.test(file) && existsSync(join(root, file)));
  const withBlocks = files.filter((file) => !records.includes(file) && blocksOf(file).length > 0);
  expect(withBlocks.sort()).toEqual(Object.keys(documents).sort());
});

test("every proof that SECURITY.md names is there", () => {
  const table = readFileSync(join(root, "SECURITY.md"), "utf8");
  const paths = [...table.matchAll(/`([\w-]+\/[\w.-]+\.ts)`/g)].map(([, path = ""]) => path);
  expect(paths.length).toBeGreaterThan(30);
  expect(paths.filter((path) => !existsSync(join(root, "test/src", path)))).toEqual([]);
});

describe.each(Object.entries(documents))("%s", (document, runs) => {
  const blocks = blocksOf(document);

  test("every block has a name of its own, and a test", () => {
    expect(blocks.map(({ name }) => name).sort()).toEqual(Object.keys(runs).sort());
  });

  test.each(blocks.filter(({ name }) => Object.hasOwn(runs, name)))(
    "$language $name",
    async ({ name, text }) => {
      await runs[name]?.(text);
    },
    120_000,
  );
});

// What access control adds to the start of a server with 1,000 services of 10 methods: the tables and the interceptor,
// imports included, beside reading the same options by reflection from descriptors that are already loaded.
//
//     node bench/startup/index.js [rounds]
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describeMachine, median, verdict } from "../support/measure.js";
import { createSchema } from "../support/schema.js";

const rounds = Number(process.argv[2] ?? 11);
const here = dirname(fileURLToPath(import.meta.url));
const schema = createSchema(1_000, 10);
// Below this folder, so that the package is found by its name.
const folder = mkdtempSync(join(here, ".generated-"));
try {
  for (const { name, content } of schema.generate("target=js,registry=auth_policies.js")) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  const tables = schema.policies.map((_, s) => `bench/p${s}/v1/service_auth.js`);
  const imports = tables.map((file, s) => `import { Service${s}Policy as p${s} } from "./${file}";`);
  writeFileSync(
    join(folder, "one-file-per-service.js"),
    `${imports.join("\n")}\nexport const policies = [${tables.map((_, s) => `p${s}`)}];\n`,
  );
  // The same files in the same folders, with nothing in them: what Node takes for the modules alone.
  for (const file of tables) {
    const empty = join(folder, "empty", file);
    mkdirSync(dirname(empty), { recursive: true });
    writeFileSync(empty, "export const policy = {};\n");
  }
  const emptyImports = tables.map((file, s) => `import { policy as p${s} } from "./empty/${file}";`);
  writeFileSync(
    join(folder, "empty-modules.js"),
    `${emptyImports.join("\n")}\nexport const modules = [${tables.map((_, s) => `p${s}`)}];\nexport const policies = [];\n`,
  );
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');

  const variants = ["reflection", "registry", "one-file-per-service", "tables in memory", "empty-modules"];
  const times = new Map(variants.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of variants) {
      const out = execFileSync(process.execPath, [join(here, "start.js"), name, folder], { encoding: "utf8" });
      times.get(name).push(Number(out));
    }
  }
  console.log(describeMachine());
  console.log("\n1,000 services of 10 methods, processor time of a fresh process");
  for (const [name, values] of times) console.log(`  ${median(values).toFixed(1).padStart(8)} ms  ${name}`);
  const reflection = median(times.get("reflection"));
  for (const name of ["registry", "one-file-per-service", "tables in memory"]) {
    verdict(`${name} against reflection`, median(times.get(name)) / reflection, { atMost: 0.1 });
  }
  const modules = median(times.get("empty-modules"));
  console.log(
    `\n  What Node takes for 1,000 modules that are empty: ${(modules / reflection).toFixed(2)} of reflection;`,
  );
  const filled = median(times.get("one-file-per-service"));
  console.log(
    `  one file per service takes ${(filled / modules).toFixed(2)} of that, its tables and the interceptor included`,
  );
} finally {
  rmSync(folder, { recursive: true });
}

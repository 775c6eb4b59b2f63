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
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');

  const variants = ["reflection", "registry", "one-file-per-service", "tables in memory"];
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
  for (const name of variants.slice(1)) {
    verdict(`${name} against reflection`, median(times.get(name)) / reflection, { atMost: 0.1 });
  }
} finally {
  rmSync(folder, { recursive: true });
}

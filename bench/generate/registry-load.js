// Whether a registry should import a module per proto file or carry the tables itself: how long a bare Node, each of the
// two, take to load a thousand services.
//
//     node bench/generate/registry-load.js [rounds]
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const rounds = Number(process.argv[2] ?? 15);
const services = Array.from({ length: 1_000 }, (_, index) => index);
const row = '{ access: "requires", roles: ["customer", "support"], scopes: [] }';
const methods = Array.from({ length: 10 }, (_, index) => `    Method${index}: ${row},\n`).join("");
const table = (index) => `{\n  typeName: "shop.p${index}.v1.Service",\n  methods: {\n${methods}  },\n}`;

const folder = mkdtempSync(join(tmpdir(), "connectum-bench-"));
try {
  const write = (name, text) => writeFileSync(join(folder, name), text);
  mkdirSync(join(folder, "p"));
  write("package.json", '{ "type": "module" }');
  write("nothing.js", "");
  for (const index of services) write(`p/s${index}.js`, `export const policy = ${table(index)};\n`);
  const imports = services.map((index) => `import { policy as policy${index} } from "./p/s${index}.js";\n`).join("");
  write("imports.js", `${imports}export const policies = [${services.map((index) => `policy${index}`).join(", ")}];\n`);
  write("carries.js", `export const policies = [${services.map(table).join(", ")}];\n`);

  const names = ["nothing.js", "imports.js", "carries.js"];
  const times = names.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, name] of names.entries()) {
      const start = process.hrtime.bigint();
      execFileSync(process.execPath, [join(folder, name)]);
      times[index].push(Number(process.hrtime.bigint() - start) / 1e6);
    }
  }
  const [nothing, ...medians] = times.map((values) => values.sort((a, b) => a - b)[Math.floor(rounds / 2)]);
  for (const [index, median] of medians.entries()) {
    console.log(
      `${names[index + 1]}: ${(median - nothing).toFixed(0)} ms more than a bare node (${nothing.toFixed(0)} ms)`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}

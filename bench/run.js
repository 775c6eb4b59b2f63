// Runs every bench, one after the other, and writes what they print to RESULTS.md: `npm run bench [NAME ...]`.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const benches = {
  decide: ["decide/index.js"],
  condition: ["condition/index.js"],
  chain: ["chain/index.js"],
  server: ["server/index.js"],
  gate: ["gate/index.js"],
  streams: ["streams/index.js"],
  generate: ["generate/run.js"],
  bundle: ["bundle/index.js"],
  startup: ["startup/index.js"],
  import: ["startup/import.js"],
};
const results = fileURLToPath(new URL("RESULTS.md", import.meta.url));
const wanted = process.argv.slice(2);
for (const name of wanted) {
  if (!Object.hasOwn(benches, name)) throw new Error(`no bench ${name}; known: ${Object.keys(benches).join(", ")}`);
}

const head = `# Results

What \`npm run bench\` printed. Each section begins with the date and the command of its last run. Every ratio compares
variants that ran interleaved in one run, as medians of several rounds. Absolute times belong to the machine named; the
ratios are what is promised.
`;
const sections = new Map();
if (existsSync(results)) {
  for (const [, name, text] of readFileSync(results, "utf8").matchAll(/^## (\w+)\n\n(.*?^```)$/gms)) {
    sections.set(name, text);
  }
}
for (const [name, args] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n== ${name}`);
  const { stdout, status } = spawnSync(process.execPath, args, {
    cwd: fileURLToPath(new URL(".", import.meta.url)),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  process.stdout.write(stdout);
  if (status !== 0) throw new Error(`bench ${name} failed`);
  const date = new Date().toISOString().slice(0, 10);
  sections.set(name, `${date}, \`npm run bench -- ${name}\`\n\n\`\`\`text\n${stdout.trimStart()}\`\`\``);
}
const text = Object.keys(benches)
  .filter((name) => sections.has(name))
  .map((name) => `\n## ${name}\n\n${sections.get(name)}\n`);
writeFileSync(results, head + text.join(""));

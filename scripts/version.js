// Sets the version that the changesets ask for, everywhere it is written: `npm run release:version`.
//
// Changesets writes the manifests and the changelogs. The version is also in the generator's `--version`, in README.md,
// in the lock file and in every generated file.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

const before = currentVersion();
run("changeset version");
const after = currentVersion();
if (after === before)
  throw new Error(`no changeset asks for a version after ${before}: add one with \`npx changeset\``);
for (const file of ["plugin/src/process/help.ts", "README.md"]) replaceVersion(file);
run("npm install --package-lock-only --ignore-scripts");
run("npm run generate");
run("npm test -- golden.test --update");

function currentVersion() {
  return JSON.parse(readFileSync(join(root, "runtime/package.json"), "utf8")).version;
}

function replaceVersion(file) {
  const text = readFileSync(join(root, file), "utf8");
  const replaced = text.replaceAll(before, after);
  if (replaced === text) throw new Error(`${file} does not name version ${before}`);
  writeFileSync(join(root, file), replaced);
}

function run(command) {
  const path = [join(root, "node_modules/.bin"), process.env.PATH].join(delimiter);
  const { status } = spawnSync(command, {
    cwd: root,
    shell: true,
    stdio: "inherit",
    env: { ...process.env, PATH: path },
  });
  if (status !== 0) throw new Error(`${command} ended with ${status}`);
}

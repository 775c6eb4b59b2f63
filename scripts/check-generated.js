// Fails when committed generated code differs from what generation gives now, and names the files.
//
// Generates into a copy of the checkout's sources, so that the tree stays as it is. Golden files of the generator are
// compared by their own test.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, join, posix, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const buf = createRequire(import.meta.url).resolve("@bufbuild/buf/bin/buf");
const templates = ["", ...readdirSync(root)].map((folder) => posix.join(folder, "buf.gen.yaml")).filter(exists);

const copy = mkdtempSync(join(tmpdir(), "connectum-check-generated-"));
try {
  const inputs = ["buf.yaml", "buf.lock", ...modulesOf(join(root, "buf.yaml")), ...templates];
  for (const input of inputs.filter(exists)) {
    cpSync(join(root, input), join(copy, input), { recursive: true });
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"), "junction");
  const differing = templates.flatMap(check);
  if (differing.length > 0) {
    console.error("Generated files differ from what is committed; run `npm run generate` and commit:");
    for (const line of differing) console.error(`  ${line}`);
    process.exitCode = 1;
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}

/** Output folders that git ignores are made when they are needed. */
function isCommitted(folder) {
  return !isIgnored(join(root, folder, "file"));
}

/** Files that git ignores are made by a build. */
function isIgnored(path) {
  return spawnSync("git", ["check-ignore", "--quiet", path], { cwd: root }).status === 0;
}

function exists(name) {
  return existsSync(join(root, name));
}

/** Generates with one template, and compares every output folder of it. */
function check(template) {
  const path = [join(root, "node_modules/.bin"), process.env.PATH].join(delimiter);
  const { status } = spawnSync(process.execPath, [buf, "generate", "--template", template], {
    cwd: copy,
    stdio: "inherit",
    env: { ...process.env, PATH: path },
  });
  if (status !== 0) return [`${template}: generation failed`];
  return outputsOf(join(root, template))
    .filter(isCommitted)
    .flatMap((output) => {
      const committed = filesIn(join(root, output), isIgnored);
      const generated = filesIn(join(copy, output));
      const names = [...new Set([...committed.keys(), ...generated.keys()])].sort();
      return names
        .filter((name) => committed.get(name) !== generated.get(name))
        .map((name) => `${output}/${name}: ${describe(committed.get(name), generated.get(name))}`);
    });
}

function describe(committed, generated) {
  if (committed === undefined) return "is missing";
  return generated === undefined ? "is no longer generated" : "differs";
}

function filesIn(folder, isLeftOut = () => false) {
  if (!existsSync(folder)) return new Map();
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((path) => !isLeftOut(path));
  return new Map(
    paths.map((path) => [
      relative(folder, path).replaceAll("\\", "/"),
      readFileSync(path, "utf8").replaceAll("\r\n", "\n"),
    ]),
  );
}

/** Module folders of a buf.yaml, and output folders of a buf.gen.yaml: plain `path:` and `out:` entries. */
function modulesOf(file) {
  return valuesOf(file, /^\s*- path:\s*(\S+)/gm);
}

function outputsOf(file) {
  return [...new Set(valuesOf(file, /^\s*out:\s*(\S+)/gm))];
}

function valuesOf(file, pattern) {
  return [...readFileSync(file, "utf8").matchAll(pattern)].map(([, value]) => value);
}

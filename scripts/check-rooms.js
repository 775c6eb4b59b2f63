// Fails when an import goes against the rooms of ARCHITECTURE.md, or when files import each other in a circle.
//
// A room is a folder below `src`. The tables of ARCHITECTURE.md name each room and the rooms that it may import. Imports of
// types count: a type that two rooms need lives in the lower one.
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const problems = ["runtime/src", "plugin/src"].flatMap((source) => check(source));
for (const problem of problems) console.error(problem);
if (problems.length > 0) {
  console.error("ARCHITECTURE.md says which room may import which: move the code, or change the table on purpose.");
  process.exitCode = 1;
}

function check(source) {
  const files = readdirSync(join(root, source), { recursive: true })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => file.endsWith(".ts") && !file.startsWith("gen/"));
  const imports = new Map(files.map((file) => [file, importsOf(source, file)]));
  const allowed = allowedImports(source);
  const found = [...new Set(files.map(roomOf))].filter((room) => room !== ".");
  return [
    ...found.filter((room) => !allowed.has(room)).map((room) => `${source}/${room}: not a room of ARCHITECTURE.md`),
    ...[...allowed.keys()]
      .filter((room) => !found.includes(room))
      .map((room) => `ARCHITECTURE.md: no ${source}/${room}`),
    ...[...imports].flatMap(([file, targets]) =>
      targets
        .filter((target) => !isAllowed(allowed, roomOf(file), roomOf(target)))
        .map((target) => `${source}/${file}: may not import ${target}`),
    ),
    ...circlesIn(imports).map((circle) => `${source}: circle ${circle.join(" -> ")}`),
  ];
}

/** The files that a file imports, relative to the source folder. Generated code does not count. */
function importsOf(source, file) {
  const text = readFileSync(join(root, source, file), "utf8");
  return [...text.matchAll(/\b(?:from|import)\s*\(?\s*"(\.[^"]+)\.js"/g)]
    .map(([, path]) => `${posix.join(posix.dirname(file), path)}.ts`)
    .filter((target) => !target.startsWith("gen/"));
}

/** The folder of a file; "." for the entry points, which may import every room. */
function roomOf(file) {
  return posix.dirname(file);
}

function isAllowed(allowed, from, to) {
  if (from === "." || from === to) return true;
  return to !== "." && allowed.get(from)?.includes(to) === true;
}

/** Reads the rows of the table below the heading that names the source folder: | `room` | holds | `room`, `room` | */
function allowedImports(source) {
  const text = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
  const [, section = ""] = text.split(new RegExp(`^#+ .*\`${source}\`.*$`, "m"));
  const [table = ""] = section.split(/^#/m);
  const rows = [...table.matchAll(/^\| `([\w-]+)\/` .*\|([^|]*)\|$/gm)];
  return new Map(rows.map(([, room, list]) => [room, [...list.matchAll(/`([\w-]+)\/`/g)].map(([, name]) => name)]));
}

/** One circle for each file that a walk along the imports meets again. */
function circlesIn(imports) {
  const circles = [];
  const done = new Set();
  const visit = (file, path) => {
    const start = path.indexOf(file);
    if (start >= 0) circles.push([...path.slice(start), file]);
    if (start >= 0 || done.has(file)) return;
    for (const target of imports.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of imports.keys()) visit(file, []);
  return circles;
}

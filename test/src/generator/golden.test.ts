import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { goldenFolder, goldenOf, protosFolder, readFolder, type Variant, variants } from "./golden-files.js";
import { pluginPath } from "./plugin-package.js";
import { buf, inFolder, optionsFolder } from "./schema.js";
import { type CompilerName, typeCheck } from "./type-check.js";

const protoc = createRequire(import.meta.url).resolve("protoc/protoc.cjs");

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const protos = readFolder(protosFolder, ".proto");

const generated = {
  ts: generateWithBuf(variants.ts),
  "js+dts": generateWithBuf(variants["js+dts"]),
  commonjs: generateWithBuf(variants.commonjs),
} as const;

// Of the other targets no whole files are kept: compilers and engines get them as generated.
const esm = writeFolder(generated["js+dts"], "module");
const cjs = writeFolder(generated.commonjs, "commonjs");

describe.each(Object.entries(variants) as [Variant, string][])("%s", (variant, parameter) => {
  const byBuf = generated[variant];
  const golden = goldenOf(variant, byBuf, generated.ts);

  test.each([...golden.keys()])("%s is as it was", async (name) => {
    await expect(golden.get(name)).toMatchFileSnapshot(join(goldenFolder, variant, name));
  });

  // New files are written when the tests are over: a missing one fails above, where nothing writes it.
  test("no other golden file is left", () => {
    const kept = [...readFolder(join(goldenFolder, variant)).keys()];
    expect(kept.length).toBeGreaterThan(1);
    expect(kept.filter((name) => !golden.has(name))).toEqual([]);
  });

  test("protoc gives the same, byte for byte", () => {
    expect(generateWithProtoc(parameter, [...protos.keys()])).toEqual(byBuf);
  });

  test("an old protoc, which knows no editions, gives the same", ({ skip }) => {
    const old = "/usr/bin/protoc";
    if (!existsSync(old)) skip();
    const names = [...protos.keys()].filter((name) => !name.includes("edition"));
    const withoutRegistry = parameter.replace(/,registry=.*/, "");
    const expected = [...byBuf]
      .filter(([name]) => !/edition|registry/.test(name))
      .map(([name, text]): [string, string] => [name, text.replace(parameter, withoutRegistry)]);
    expect(generateWithProtoc(withoutRegistry, names, [old])).toEqual(new Map(expected));
  });
});

test("access reports are the same by protoc, byte for byte", () => {
  const parameter = "target=ts,tables=false,report=a.md,report=a.csv,report=a.json,report=a.html";
  const byBuf = generateWithBuf(parameter);
  expect([...byBuf.keys()].sort()).toEqual(["a.csv", "a.html", "a.json", "a.md"]);
  expect(generateWithProtoc(parameter, [...protos.keys()])).toEqual(byBuf);
});

describe("the compilers", () => {
  const flags = ["5.4", "5.9", "newest"] as const satisfies readonly CompilerName[];
  const typescript = [...generated.ts.keys()].map((name) => join(goldenFolder, "ts", name));
  const declarations = [...generated["js+dts"].keys()].filter((name) => name.endsWith(".d.ts"));

  test.each(flags)("accept TypeScript and declarations, and nothing wrong beside them, version %s", (compiler) => {
    const files = [...typescript, ...declarations.map((name) => join(esm, name))];
    expect(files.length).toBeGreaterThan(15);
    inFolder({ "bad.mts": "export const x: string = 1;\n" }, (folder) => {
      const problems = typeCheck(compiler, [...files, join(folder, "bad.mts")]).trim();
      expect(problems).toMatch(/^\S*bad\.mts.*TS2322: [^\n]*$/);
    });
  });

  test("infer from TypeScript exactly what the declarations say", () => {
    const equal = [...generated.ts.keys()].map((name, index) => {
      const base = name.replace(/\.ts$/, "");
      return [
        `import * as ts${index} from ${JSON.stringify(`${goldenFolder}/ts/${base}.js`)};`,
        `import * as dts${index} from ${JSON.stringify(`${esm}/${base}.js`)};`,
        `export const check${index}: Equal<typeof ts${index}, typeof dts${index}> = true;`,
      ].join("\n");
    });
    const helper =
      "type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;";
    inFolder({ "check.mts": `${helper}\n${equal.join("\n")}` }, (folder) => {
      expect(typeCheck("newest", [join(folder, "check.mts")])).toBe("");
    });
  });
});

describe("the values", () => {
  test.each([...generated.ts.keys()])("%s is the same in every target", async (name) => {
    const js = name.replace(/\.ts$/, ".js");
    const typescript: unknown = await import(join(goldenFolder, "ts", name));
    const javascript: unknown = await import(pathToFileURL(join(esm, js)).href);
    const commonjs: unknown = createRequire(import.meta.url)(
      join(cjs, name === "registry.ts" ? "lib/registry.js" : js),
    );
    expect(withoutPrototypes(javascript)).toEqual(withoutPrototypes(typescript));
    expect(withoutPrototypes(commonjs)).toEqual(withoutPrototypes(typescript));
  });

  // The registry's types are those of the other files by reference, whatever the registry holds.
  test("the tables of the registry are those of the other files", async () => {
    const names = [...readFolder(join(goldenFolder, "ts"), "_auth.ts").keys()];
    const modules = await Promise.all(
      names.map(async (name) => Object.entries((await import(join(goldenFolder, "ts", name))) as object)),
    );
    const tables = modules.flat().filter(([name]) => name.endsWith("Policy"));
    const { policies } = (await import(join(goldenFolder, "ts/registry.ts"))) as { policies: { typeName: string }[] };
    expect(policies.map(({ typeName }) => typeName)).toEqual(policies.map(({ typeName }) => typeName).sort());
    expect(tables.length).toBe(policies.length);
    for (const [, table] of tables) {
      const row = policies.find(({ typeName }) => typeName === (table as { typeName: string }).typeName);
      expect(withoutPrototypes(row)).toEqual(withoutPrototypes(table));
    }
  });

  test("Node strips the types with import_extension=ts", ({ skip }) => {
    const [major = 0] = process.versions.node.split(".").map(Number);
    if (major < 22) skip();
    const file = pathToFileURL(join(goldenFolder, "ts/registry.ts")).href;
    const args = ["--experimental-strip-types", "--input-type=module", "-e", `await import(${JSON.stringify(file)})`];
    execFileSync(process.execPath, args);
  });
});

/** Writes generated files into a package, which is gone after the tests. */
function writeFolder(files: ReadonlyMap<string, string>, type: "module" | "commonjs"): string {
  const folder = mkdtempSync(join(tmpdir(), "connectum-golden-"));
  folders.push(folder);
  for (const [name, text] of [...files, ["package.json", JSON.stringify({ type })] as const]) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

function generateWithBuf(parameter: string): Map<string, string> {
  const template = {
    version: "v2",
    plugins: [{ local: [process.execPath, pluginPath], out: "gen", opt: parameter.split(","), strategy: "all" }],
  };
  const files = {
    ...Object.fromEntries([...protos].map(([name, text]) => [`protos/${name}`, text])),
    "options/connectum/auth/v1/options.proto": readFileSync(
      join(optionsFolder, "connectum/auth/v1/options.proto"),
      "utf8",
    ),
    "buf.yaml": JSON.stringify({ version: "v2", modules: [{ path: "protos" }, { path: "options" }] }),
    "buf.gen.yaml": JSON.stringify(template),
  };
  return inFolder(files, (folder) => {
    const [command, ...args] = buf;
    execFileSync(command, [...args, "generate", "protos"], { cwd: folder });
    return readFolder(join(folder, "gen"));
  });
}

function generateWithProtoc(
  parameter: string,
  names: readonly string[],
  command: readonly string[] = [process.execPath, protoc],
): Map<string, string> {
  const out = mkdtempSync(join(tmpdir(), "connectum-protoc-"));
  folders.push(out);
  const [program = "", ...args] = command;
  execFileSync(program, [
    ...args,
    `--plugin=protoc-gen-connectum-auth=${pluginPath}`,
    `--connectum-auth_out=${out}`,
    `--connectum-auth_opt=${parameter}`,
    `-I${protosFolder}`,
    `-I${optionsFolder}`,
    // An old protoc may come without descriptor.proto.
    `-I${join(dirname(protoc), "include")}`,
    ...names,
  ]);
  return readFolder(out);
}

/** Module namespaces, functions, and objects with a key `__proto__`, made comparable. */
function withoutPrototypes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPrototypes);
  // Compilers of TypeScript print functions with other spaces and parentheses.
  if (typeof value === "function") return String(value).replace(/[\s()]/g, "");
  if (typeof value !== "object" || value === null) return value;
  return new Map(
    Object.entries(value)
      .filter(([key]) => key !== "default" && key !== "__esModule" && key !== "module.exports")
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, entry]) => [key, withoutPrototypes(entry)]),
  );
}

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { pluginPath } from "./plugin-package.js";
import { buf, inFolder, optionsFolder } from "./schema.js";
import { type CompilerName, typeCheck } from "./type-check.js";

const protosFolder = fileURLToPath(new URL("./protos", import.meta.url));
const goldenFolder = fileURLToPath(new URL("./golden", import.meta.url));
const protoc = createRequire(import.meta.url).resolve("protoc/protoc.cjs");

const protos = readFolder(protosFolder, ".proto");

/** What is generated for the golden protos, and the parameter that does it. */
const variants = {
  ts: "target=ts,registry=registry.ts",
  "js+dts": "target=js+dts,registry=registry",
  commonjs: "target=js,js_import_style=legacy_commonjs,elide_plugin_version=true,registry=lib/registry.js",
} as const;

describe.each(Object.entries(variants))("%s", (variant, parameter) => {
  const byBuf = generateWithBuf(parameter);

  test.each([...byBuf.keys()])("%s is as it was", async (name) => {
    await expect(byBuf.get(name)).toMatchFileSnapshot(join(goldenFolder, variant, name));
  });

  test("no other golden file is left", () => {
    expect([...readFolder(join(goldenFolder, variant)).keys()]).toEqual([...byBuf.keys()].sort());
  });

  test("protoc gives the same, byte for byte", () => {
    expect(generateWithProtoc(parameter, [...protos.keys()])).toEqual(byBuf);
  });

  test("an old protoc, which knows no editions, gives the same", ({ skip }) => {
    const old = "/usr/bin/protoc";
    if (!existsSync(old)) skip();
    const names = [...protos.keys()].filter((name) => !name.includes("edition"));
    const withoutRegistry = parameter.replace(/,registry=.*/, "");
    const expected = generateWithProtoc(withoutRegistry, names);
    expect(generateWithProtoc(withoutRegistry, names, [old])).toEqual(expected);
  });
});

describe("the compilers", () => {
  const flags = ["5.4", "5.9", "newest"] as const satisfies readonly CompilerName[];
  test.each(flags)("accept TypeScript and declarations, and nothing wrong beside them, version %s", (compiler) => {
    const files = [
      ...[...readFolder(join(goldenFolder, "ts"), ".ts").keys()].map((name) => join(goldenFolder, "ts", name)),
      ...[...readFolder(join(goldenFolder, "js+dts"), ".d.ts").keys()].map((name) =>
        join(goldenFolder, "js+dts", name),
      ),
    ];
    expect(files.length).toBeGreaterThan(15);
    inFolder({ "bad.mts": "export const x: string = 1;\n" }, (folder) => {
      const problems = typeCheck(compiler, [...files, join(folder, "bad.mts")]).trim();
      expect(problems).toMatch(/^\S*bad\.mts.*TS2322: [^\n]*$/);
    });
  });

  test("infer from TypeScript exactly what the declarations say", () => {
    const sources = readFolder(join(goldenFolder, "ts"), ".ts");
    const equal = [...sources.keys()].map((name, index) => {
      const base = name.replace(/\.ts$/, "");
      return [
        `import * as ts${index} from ${JSON.stringify(`${goldenFolder}/ts/${base}.js`)};`,
        `import * as dts${index} from ${JSON.stringify(`${goldenFolder}/js+dts/${base}.js`)};`,
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
  test.each([...readFolder(join(goldenFolder, "ts"), ".ts").keys()])("%s is the same in every target", async (name) => {
    const js = name.replace(/\.ts$/, ".js");
    const typescript: unknown = await import(join(goldenFolder, "ts", name));
    const javascript: unknown = await import(pathToFileURL(join(goldenFolder, "js+dts", js)).href);
    const commonjsName = name === "registry.ts" ? "lib/registry.js" : js;
    const commonjs = inFolder(
      {
        "package.json": '{ "type": "commonjs" }',
        "m.js": readFileSync(join(goldenFolder, "commonjs", commonjsName), "utf8"),
      },
      (folder) => createRequire(import.meta.url)(join(folder, "m.js")) as unknown,
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

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

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

/** The files below a folder whose names have an ending, by their path with slashes. */
function readFolder(folder: string, ending = ""): Map<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll("\\", "/"));
  return new Map(names.sort().map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

/** Module namespaces and objects with a key `__proto__`, made comparable. */
function withoutPrototypes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPrototypes);
  if (typeof value !== "object" || value === null) return value;
  return new Map(
    Object.entries(value)
      .filter(([key]) => key !== "default" && key !== "__esModule" && key !== "module.exports")
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, entry]) => [key, withoutPrototypes(entry)]),
  );
}

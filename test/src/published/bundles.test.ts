import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packedPackages } from "./packed-packages.js";
import { root, run } from "./run.js";

const { build } = createRequire(join(root, "plugin/package.json"))("esbuild") as typeof import("esbuild");

/** A project that has the package as it is published, and nothing of the repository. */
let folder: string;
let installed: string;
let files: readonly string[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "connectum-bundles-"));
  installed = join(folder, "node_modules/@connectum/auth");
  const { runtime } = await packedPackages();
  await run(`mkdir -p ${installed} && tar -xzf ${runtime} --strip-components 1 -C ${installed}`, folder);
  for (const name of ["@bufbuild/protobuf", "@connectrpc/connect", "jose", "oauth4webapi"]) {
    cpSync(join(root, "node_modules", name), join(folder, "node_modules", name), { recursive: true });
  }
  const dist = join(installed, "dist");
  files = readdirSync(dist, { recursive: true, encoding: "utf8" }).map((file) => join(dist, file));
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const codeFiles = () => files.filter((file) => file.endsWith(".js"));

/** Runs a module of the project, and returns what it printed. */
async function runModule(code: string, flags = ""): Promise<string> {
  writeFileSync(join(folder, "main.mjs"), code);
  return run(`node ${flags} main.mjs`, folder);
}

describe("the files of the package", () => {
  test("are one module for each entry point, and the chunks that these import", () => {
    const { exports } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as {
      exports: Record<string, string | { default: string }>;
    };
    const entryPoints = Object.values(exports).flatMap((file) => (typeof file === "string" ? [] : [file.default]));
    const reached = new Set(entryPoints.map((file) => join(installed, file)));
    for (const file of reached) {
      const imports = readFileSync(file, "utf8").matchAll(/^(?:import|(?:import|export) .* from) "(\.[^"]+)";$/gm);
      for (const [, path = ""] of imports) reached.add(join(dirname(file), path));
    }
    expect(entryPoints.length).toBe(6);
    expect([...reached].sort()).toEqual(codeFiles().sort());
    expect(reached.size).toBeLessThan(20);
  });

  test("have maps, which lead to sources that are in the package, and every source is in one file", () => {
    const sources = codeFiles().flatMap((file) => {
      const code = readFileSync(file, "utf8");
      // A file that only passes names on has no source of its own.
      if (/^import [^;]+;\n+export \{[^}]+\};\n$/.test(code)) return [];
      const [, map = ""] = /\/\/# sourceMappingURL=(.+)\n$/.exec(code) ?? [];
      const found = JSON.parse(readFileSync(join(dirname(file), map), "utf8")) as { sources: readonly string[] };
      return found.sources.map((source) => relative(installed, join(dirname(file), map, "..", source)));
    });
    expect(sources.length).toBeGreaterThan(50);
    for (const source of sources) {
      expect(source).toMatch(/^src\/.*\.ts$/);
      expect(readFileSync(join(installed, source), "utf8")).not.toBe("");
    }
    expect(sources.filter((source, i) => sources.indexOf(source) !== i)).toEqual([]);
  });

  test("declare every module of the sources", () => {
    const declarations = files.filter((file) => file.endsWith(".d.ts"));
    const modules = readdirSync(join(installed, "src"), { recursive: true, encoding: "utf8" }).filter((file) =>
      file.endsWith(".ts"),
    );
    const declared = declarations.map((file) => relative(join(installed, "dist"), file).replace(/\.d\.ts$/, ".ts"));
    expect(declared.sort()).toEqual(modules.sort());
  });

  test("are not minified", () => {
    const code = codeFiles().map((file) => readFileSync(file, "utf8"));
    for (const text of code) expect(text.length / text.split("\n").length).toBeLessThan(60);
    expect(code.join("")).toContain("function createAuth(options) {\n");
  });
});

test("a stack trace names the line of the source, with --enable-source-maps", async () => {
  const printed = await runModule(
    `import { createAuth } from "@connectum/auth";
     try { createAuth({ policies: [], authenticate: undefined }); } catch (error) { console.log(error.stack); }`,
    "--enable-source-maps",
  );
  const frames = [...printed.matchAll(/\(?(?:file:\/\/)?([^( ]*@connectum\/auth\/[^:]+):(\d+):(\d+)\)?/g)];
  expect(frames.length).toBeGreaterThan(0);
  for (const [, file = "", line, column] of frames) {
    expect(file).toMatch(/@connectum\/auth\/src\/.*\.ts$/);
    const text = readFileSync(file, "utf8").split("\n")[Number(line) - 1] ?? "";
    // The position of a call or of `new`: a name, and its parenthesis.
    expect(text.slice(Number(column) - 1)).toMatch(/^(new )?[\w.]+\(/);
  }
});

test("a process that imports every entry point has one copy of each module", async () => {
  // Copies find each other through the global object. Where that takes nothing new, they would not.
  const printed = await runModule(`
    Object.preventExtensions(globalThis);
    const auth = await import("@connectum/auth");
    const policy = await import("@connectum/auth/policy");
    const jwt = await import("@connectum/auth/jwt");
    const { introspection } = await import("@connectum/auth/introspection");
    const client = await import("@connectum/auth/client");
    const testing = await import("@connectum/auth/testing");
    const common = (module) => Object.keys(module).filter((name) => name in auth);
    const isShared = (module) => common(module).length > 0 && common(module).every((name) => module[name] === auth[name]);
    console.log(JSON.stringify([
      isShared(policy) && isShared(jwt),
      testing.withAuthContext(testing.createMockAuthContext({ subject: "ada" }), () => auth.getAuthContext()?.subject),
      typeof client.createClientBearerInterceptor,
      typeof introspection,
    ]));`);
  expect(JSON.parse(printed)).toEqual([true, "ada", "function", "function"]);
});

test("the import of the package loads no networks and no cryptography, which take longer than itself", async () => {
  const printed = await runModule(`
    await Promise.all([import("@connectrpc/connect"), import("jose")]);
    const loaded = () => new Set(process.moduleLoadList.filter((name) => /^NativeModule (?:crypto|net)$/.test(name)));
    const before = loaded();
    const { jwt, gateway } = await import("@connectum/auth");
    await import("@connectum/auth/client");
    const imported = loaded();
    jwt({ jwksUri: "https://login.example.com/keys", issuer: "https://login.example.com", audience: "orders" });
    gateway({ trustSource: { peerAddresses: ["10.0.0.0/8"] } });
    console.log(JSON.stringify([before, imported, loaded()].map((names) => names.size)));`);
  const [before, imported, used] = JSON.parse(printed);
  expect(imported).toBe(before);
  expect(used).toBe(2);
});

test("an old Node, without process.getBuiltinModule, uses the package", async () => {
  const printed = await runModule(`
    delete process.getBuiltinModule;
    const { jwt, sharedSecretTrust } = await import("@connectum/auth");
    const { generateKeyPair } = await import("jose");
    const { publicKey } = await generateKeyPair("ES256");
    console.log(process.getBuiltinModule, jwt({ publicKey, issuer: "https://login.example.com", audience: "orders" }).name);`);
  expect(printed).toBe("undefined jwt\n");
});

describe("a user's bundle", () => {
  /** What a bundle imports from packages and built-ins. */
  async function importsOf(code: string): Promise<readonly string[]> {
    const { outputFiles, metafile } = await build({
      stdin: { contents: code, resolveDir: folder },
      bundle: true,
      format: "esm",
      platform: "neutral",
      // As a bundler sees packages that it leaves to the server: it does not know that their imports do nothing.
      external: ["@connectrpc/connect", "@bufbuild/protobuf", "jose", "oauth4webapi", "node:*"],
      metafile: true,
      write: false,
    });
    expect(outputFiles[0]?.text).toContain("function");
    const [output] = Object.values(metafile.outputs);
    return [...new Set(output?.imports.map(({ path }) => path))].sort();
  }

  test.each([
    { name: "policy", code: `export * from "@connectum/auth/policy";`, want: [] },
    { name: "client", code: `export * from "@connectum/auth/client";`, want: ["@connectrpc/connect"] },
    {
      name: "authorization alone",
      code: `export { createProtoAuthzInterceptor, authorizeMethods, assertAuthorized } from "@connectum/auth";`,
      want: ["@connectrpc/connect"],
    },
    {
      name: "JWT",
      code: `export { createJwtAuthInterceptor } from "@connectum/auth";`,
      want: ["@connectrpc/connect", "jose", "node:async_hooks", "node:module"],
    },
    {
      name: "introspection, the only way to oauth4webapi",
      code: `export { introspection } from "@connectum/auth/introspection";`,
      want: ["@connectrpc/connect", "jose", "node:module", "oauth4webapi"],
    },
  ])("of $name imports what that uses: $want", async ({ code, want }) => {
    expect(await importsOf(code)).toEqual(want);
  });
});

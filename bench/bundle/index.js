// What access control adds to a bundle: minified, then gzip. connect and protobuf are there anyway and stay outside.
//
//     node bench/bundle/index.js
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describeMachine, verdict } from "../support/measure.js";
import { createSchema } from "../support/schema.js";

const sourceFile = (path) => fileURLToPath(new URL(`../../runtime/src/${path}`, import.meta.url));
const sources = {
  "@connectum/auth/policy": sourceFile("policy.ts"),
  "@connectum/auth/jwt": sourceFile("jwt.ts"),
  "@connectum/auth": sourceFile("index.ts"),
};
const peers = ["@connectrpc/connect", "@bufbuild/protobuf"];
const tables = createSchema(100, 10).generate("target=js,registry=auth_policies.js");
const registry = tables.find(({ name }) => name === "auth_policies.js").content;

const bundles = [
  { name: "./policy", limit: 1024, source: 'export * from "@connectum/auth/policy";' },
  { name: "can() alone", source: 'export { can } from "@connectum/auth/policy";' },
  {
    name: "authorization only",
    limit: 1536,
    free: true,
    source: 'export { createProtoAuthzInterceptor } from "@connectum/auth";',
  },
  {
    name: "authorization and authorizeMethods, assertAuthorized",
    free: true,
    source: 'export { createProtoAuthzInterceptor, authorizeMethods, assertAuthorized } from "@connectum/auth";',
  },
  {
    name: "authorization with the tables of 100 services of 10 methods",
    limit: 5120,
    free: true,
    source: `import { createProtoAuthzInterceptor } from "@connectum/auth";\nimport { policies } from "tables";\nexport const authz = createProtoAuthzInterceptor({ policies });`,
  },
  {
    name: "JWT, without jose",
    limit: 5120,
    source: 'export { createJwtAuthInterceptor } from "@connectum/auth/jwt";',
    external: ["jose"],
  },
];

console.log(describeMachine());
console.log(
  "\nOf the ten largest modules: bytes before gzip, and how much smaller the bundle is without the module and all that\n" +
    "only it leads to. The package ships chunks, so the modules are those of a bundle of its sources.",
);
for (const { name, limit, source, free = false, external = [] } of bundles) {
  const whole = await bundle(source, external);
  console.log(`\n${name}: ${whole.size} bytes (${whole.length} before gzip)`);
  const fromSources = await bundle(source, external, { from: sources });
  const modules = Object.entries(fromSources.inputs)
    .map(([file, { bytesInOutput }]) => ({ file: resolve(file), bytesInOutput }))
    .filter(({ file, bytesInOutput }) => /\.[jt]s$/.test(file) && bytesInOutput > 0)
    .sort((a, b) => b.bytesInOutput - a.bytesInOutput)
    .slice(0, 10);
  for (const { file, bytesInOutput } of modules) {
    const without = await bundle(source, external, { from: sources, left: file });
    const saved = fromSources.size - without.size;
    const short = file.replace(/^.*(runtime\/src|node_modules)\//, "");
    console.log(`  ${String(bytesInOutput).padStart(6)}  ${String(saved).padStart(6)}  ${short}`);
  }
  verdict("chunks against single modules", whole.size / fromSources.size, { atMost: 1 });
  if (limit !== undefined) verdict("bytes", whole.size, { atMost: limit });
  if (free) {
    const heavy = [...Object.keys(whole.inputs), ...whole.imports].filter((part) => /jose|^node:/.test(part));
    verdict(`parts of jose or node: (${heavy})`, heavy.length, { atMost: 0 });
  }
}

/**
 * @param {{ from?: Record<string, string>, left?: string }} [options] - `from`: files to use instead of the package's
 *   entry points. `left`: a file to leave out, so that its exports are undefined.
 */
async function bundle(source, external, { from, left } = {}) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: fileURLToPath(new URL(".", import.meta.url)) },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["import"],
    external: [...peers, ...external, "node:*"],
    ...(from && { alias: from }),
    plugins: [
      { name: "tables", setup: addTables },
      { name: "left out", setup: (bundler) => leaveOut(bundler, left) },
    ],
    metafile: true,
    write: false,
    logLevel: "error",
  });
  const [{ contents }] = outputFiles;
  const [{ inputs, imports }] = Object.values(metafile.outputs);
  return {
    size: gzipSync(contents, { level: 9 }).length,
    length: contents.length,
    inputs,
    imports: imports.map(({ path }) => path),
  };
}

function addTables(bundler) {
  bundler.onResolve({ filter: /^tables$/ }, () => ({ path: "tables", namespace: "tables" }));
  bundler.onLoad({ filter: /.*/, namespace: "tables" }, () => ({ contents: registry, loader: "js" }));
}

function leaveOut(bundler, left) {
  bundler.onLoad({ filter: /\.[jt]s$/ }, ({ path }) => {
    if (path !== left) return undefined;
    const code = readFileSync(path, "utf8");
    const declared = [...code.matchAll(/^export (?:async )?(?:function|class|const|let) (\w+)/gm)].map(
      ([, name]) => name,
    );
    const listed = [...code.matchAll(/^export ?\{([^}]*)\}/gm)].flatMap(([, list]) => list.split(","));
    const names = [...declared, ...listed.map((item) => item.trim().split(" as ").at(-1))].filter((name) =>
      /^\w+$/.test(name),
    );
    return { contents: names.map((name) => `export let ${name};`).join("\n"), loader: "js" };
  });
}

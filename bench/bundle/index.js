// What access control adds to a bundle: minified, then gzip. connect and protobuf are there anyway and stay outside.
//
//     node bench/bundle/index.js
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { describeMachine, verdict } from "../support/measure.js";
import { createSchema } from "../support/schema.js";

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
for (const { name, limit, source, free = false, external = [] } of bundles) {
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
    plugins: [{ name: "tables", setup: addTables }],
    metafile: true,
    write: false,
  });
  const [{ contents }] = outputFiles;
  const [{ inputs, imports }] = Object.values(metafile.outputs);
  const size = gzipSync(contents, { level: 9 }).length;
  console.log(`\n${name}: ${size} bytes (${contents.length} before gzip)`);
  for (const [file, { bytesInOutput }] of Object.entries(inputs).sort(
    (a, b) => b[1].bytesInOutput - a[1].bytesInOutput,
  )) {
    if (bytesInOutput > 0)
      console.log(`  ${String(bytesInOutput).padStart(6)}  ${file.replace(/^.*(runtime\/dist|node_modules)\//, "")}`);
  }
  if (limit !== undefined) verdict("bytes", size, { atMost: limit });
  if (free) {
    const parts = [...Object.keys(inputs), ...imports.map(({ path }) => path)];
    const heavy = parts.filter((part) => /jose|^node:|tiny-lru/.test(part));
    verdict(`parts of jose, node: or the LRU (${heavy})`, heavy.length, { atMost: 0 });
  }
}

function addTables(bundler) {
  bundler.onResolve({ filter: /^tables$/ }, () => ({ path: "tables", namespace: "tables" }));
  bundler.onLoad({ filter: /.*/, namespace: "tables" }, () => ({ contents: registry, loader: "js" }));
}

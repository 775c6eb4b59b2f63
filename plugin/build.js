// Bundles the plugin into one CommonJS file without dependencies: what starts fastest, and what is published.
import { build } from "esbuild";

await build({
  entryPoints: ["src/main.ts"],
  outfile: "dist/plugin.cjs",
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  minifySyntax: true,
  logLevel: "warning",
  banner: {
    js: "// Contains the wire format of @bufbuild/protobuf, (c) Buf Technologies, Apache-2.0 and BSD-3-Clause.",
  },
});

// Bundles the plugin into one CommonJS file without dependencies: what starts fastest, and what is published.
import { build } from "esbuild";
import { stubTypeScript } from "./stub-typescript.js";

await build({
  entryPoints: ["src/main.ts"],
  outfile: "dist/plugin.cjs",
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  minify: true,
  logLevel: "warning",
  plugins: [stubTypeScript],
  banner: {
    js: "// Contains @bufbuild/protobuf and @bufbuild/protoplugin, (c) Buf Technologies, Apache-2.0 and BSD-3-Clause.",
  },
});

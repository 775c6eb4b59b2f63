// Bundles the plugin into one CommonJS file without dependencies: what starts fastest, and what is published.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const outfile = "dist/plugin.cjs";
const { outputFiles } = await build({
  entryPoints: ["src/main.ts"],
  outfile,
  write: false,
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

// Packing builds again. A plugin that runs meanwhile never sees half a file.
const [{ text }] = outputFiles;
if (!existsSync(outfile) || readFileSync(outfile, "utf8") !== text) {
  mkdirSync("dist", { recursive: true });
  writeFileSync(`${outfile}.${process.pid}`, text);
  renameSync(`${outfile}.${process.pid}`, outfile);
}

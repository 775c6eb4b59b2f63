// Bundles the plugin into one CommonJS file without dependencies, since it starts fastest. The package contains only it.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { build } from "esbuild";
import { lazyCel } from "./lazy-cel.js";
import { stubTypeScript } from "./stub-typescript.js";

const outfile = "dist/plugin.cjs";
const { outputFiles } = await build({
  entryPoints: ["src/main.ts"],
  outfile,
  write: false,
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  minify: true,
  logLevel: "warning",
  plugins: [stubTypeScript, lazyCel],
  banner: {
    js:
      "// Contains @bufbuild/protobuf and @bufbuild/protoplugin, (c) Buf Technologies, Apache-2.0 and BSD-3-Clause, and\n" +
      "// @marcbachmann/cel-js, (c) Marc Bachmann, MIT.",
  },
});

// Packing builds again. Rename the file, so that a running plugin never loads half of it.
const [{ text }] = outputFiles;
if (!existsSync(outfile) || readFileSync(outfile, "utf8") !== text) {
  mkdirSync("dist", { recursive: true });
  writeFileSync(`${outfile}.${process.pid}`, text);
  renameSync(`${outfile}.${process.pid}`, outfile);
}

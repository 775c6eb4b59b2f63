// Bundles the script and the style of the access report into a module, which the plugin prints into the page.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const { outputFiles } = await build({
  entryPoints: ["page/page.ts", "page/page.css"],
  outdir: "page",
  write: false,
  bundle: true,
  minify: true,
  charset: "utf8",
  format: "iife",
  target: ["chrome110", "firefox115", "safari16.4"],
  logLevel: "warning",
});
const texts = ["js", "css"].map((kind) => outputFiles.find(({ path }) => path.endsWith(`.${kind}`)).text.trimEnd());
const [script, style] = texts;
for (const text of texts) if (text.includes("</")) throw new Error("the page cannot contain this script or style");
const sha256 = (text) => `sha256-${createHash("sha256").update(text).digest("base64")}`;
const module = `// Written by plugin/page/build.js.
export const script: string = ${JSON.stringify(script)};
export const style: string = ${JSON.stringify(style)};
export const scriptHash: string = ${JSON.stringify(sha256(script))};
export const styleHash: string = ${JSON.stringify(sha256(style))};
`;
const file = "src/gen/access-page.ts";
if (!existsSync(file) || readFileSync(file, "utf8") !== module) writeFileSync(file, module);

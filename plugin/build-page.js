// Bundles the script and the style of the HTML report into a module of the plugin, before TypeScript compiles it.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const outfile = "src/report/access-page.ts";

/** @param {string} entry */
async function bundle(entry) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    write: false,
    bundle: true,
    target: "es2022",
    format: "iife",
    minify: true,
    logLevel: "warning",
  });
  const text = outputFiles[0].text.replace(/\n$/, "");
  // Would end its own element.
  if (/<\/(script|style)|<!--/i.test(text)) throw new Error(`${entry}: contains an end tag or a comment of HTML`);
  return text;
}

/** @param {string} text */
function hashOf(text) {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

const script = await bundle("page/main.ts");
const style = await bundle("page/style.css");
const policy = [
  "default-src 'none'",
  `style-src ${hashOf(style)}`,
  `script-src ${hashOf(script)}`,
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");
const text = `// Written by build-page.js.
export const script: string = ${JSON.stringify(script)};
export const style: string = ${JSON.stringify(style)};
/** Allows this script and this style, and nothing else. */
export const policy: string = ${JSON.stringify(policy)};
`;
if (!existsSync(outfile) || readFileSync(outfile, "utf8") !== text) {
  writeFileSync(`${outfile}.${process.pid}`, text);
  renameSync(`${outfile}.${process.pid}`, outfile);
}

import { createRequire } from "node:module";
import { join } from "node:path";
import { root } from "../published/run.js";

/** Bundles a program for Node into one folder, with everything that it imports, and returns the path of its entry. */
export type Bundle = (program: string, folder: string) => Promise<string>;

const require = createRequire(join(root, "test/runtimes/package.json"));

async function byEsbuild(program: string, folder: string): Promise<string> {
  const { build } = createRequire(join(root, "plugin/package.json"))("esbuild") as typeof import("esbuild");
  const outfile = join(folder, "main.mjs");
  await build({ entryPoints: [program], outfile, bundle: true, platform: "node", format: "esm", logLevel: "silent" });
  return outfile;
}

async function byWebpack(program: string, folder: string): Promise<string> {
  const webpack = require("webpack");
  const compiler = webpack({
    entry: program,
    target: "node20",
    mode: "production",
    output: { path: folder, filename: "main.cjs" },
  });
  const stats = await new Promise<{ hasErrors(): boolean; toString(): string }>((resolve, reject) =>
    compiler.run((error: Error | null, stats: never) => (error === null ? resolve(stats) : reject(error))),
  );
  if (stats.hasErrors()) throw new Error(stats.toString());
  return join(folder, "main.cjs");
}

async function byVite(program: string, folder: string): Promise<string> {
  const { build } = await import("vite");
  await build({
    root: folder,
    configFile: false,
    logLevel: "silent",
    ssr: { noExternal: true },
    build: { ssr: program, outDir: folder, rollupOptions: { output: { entryFileNames: "main.mjs" } } },
  });
  return join(folder, "main.mjs");
}

export const bundles: Readonly<Record<string, Bundle>> = { esbuild: byEsbuild, webpack: byWebpack, "Vite SSR": byVite };

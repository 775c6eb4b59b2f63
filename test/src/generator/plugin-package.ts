import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const manifest = createRequire(import.meta.url).resolve("@connectum/protoc-gen-connectum-auth/package.json");
const { bin, version } = JSON.parse(readFileSync(manifest, "utf8")) as { bin: Record<string, string>; version: string };

/** The plugin's executable, as its package names it. */
export const pluginPath: string = join(dirname(manifest), bin["protoc-gen-connectum-auth"] ?? "");

/** The version of the plugin's package. */
export const packageVersion: string = version;

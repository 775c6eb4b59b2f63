// Copies proto/ into the package that is being packed, so that each tarball carries the options.
import { cpSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

cpSync(fileURLToPath(new URL("../proto", import.meta.url)), resolve("proto"), { recursive: true });

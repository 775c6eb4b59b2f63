// Copies what each tarball carries besides its own files into the package that is being packed: the options and the licence.
import { cpSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

for (const name of ["proto", "LICENSE"]) {
  cpSync(fileURLToPath(new URL(`../${name}`, import.meta.url)), resolve(name), { recursive: true });
}

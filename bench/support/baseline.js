// Another build of the runtime to compare with: `BASELINE=../checkout npm run bench -- chain server`. Build it there first.
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const checkout = process.env.BASELINE;

/** The other build's `@connectum/auth`. Undefined without `BASELINE`. */
export const baseline =
  checkout && (await import(pathToFileURL(join(resolve(checkout), "runtime/dist/index.js")).href));

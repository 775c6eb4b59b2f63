import { setFlagsFromString } from "node:v8";
import { runInThisContext } from "node:vm";

/** Whether V8 keeps an object's members in fixed places, and not in a slow dictionary. */
export const hasFastProperties: (object: object) => boolean = (() => {
  setFlagsFromString("--allow-natives-syntax");
  const check = runInThisContext("(object) => %HasFastProperties(object)");
  setFlagsFromString("--no-allow-natives-syntax");
  return check;
})();

import { visible } from "../src/text/literal.js";
import { element } from "./element.js";

/** Shows a text as code. A long one may break after a dot, as in the static rows. */
export function code(text: string): HTMLElement {
  const parts = visible(text).split(/(?<=[./])(?=[^./])/);
  return element("code", {}, ...parts.flatMap((part, index) => (index === 0 ? [part] : [element("wbr"), part])));
}

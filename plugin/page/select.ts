import { visible } from "../src/text/literal.js";
import { byId, element } from "./element.js";

/** Fills a select with names. Its options have indexes as values, since HTML changes some characters. */
export function createSelect(id: string, names: readonly string[]) {
  const select = byId<HTMLSelectElement>(id);
  select.append(...names.map((name, index) => element("option", { value: `${index}` }, visible(name))));
  if (names.length === 0 && select.parentElement) select.parentElement.hidden = true;
  return {
    read: () => (select.value === "" ? "" : (names[Number(select.value)] ?? "")),
    write(name: string) {
      const index = names.indexOf(name);
      select.value = index < 0 ? "" : `${index}`;
    },
  };
}

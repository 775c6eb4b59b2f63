import { visible } from "../src/text/literal.js";
import { byId, element } from "./element.js";

/** A longer list of checkboxes has a filter of its own. */
const longList = 12;

/** Fills a fieldset with a checkbox for each name. */
export function createCheckboxes(id: string, names: readonly string[]) {
  const fieldset = byId<HTMLFieldSetElement>(id);
  const inputs = names.map(() => element("input", { type: "checkbox" }));
  const labels = names.map((name, index) => {
    return element("label", {}, inputs[index] as Node, element("span", {}, visible(name)));
  });
  const title = fieldset.querySelector("legend")?.textContent ?? "";
  const filter = element("input", { type: "search", placeholder: "Find a name", "aria-label": `Find a name ${title}` });
  const find = () => {
    const wanted = filter.value.toLowerCase();
    names.forEach((name, index) => {
      (labels[index] as HTMLElement).hidden = !name.toLowerCase().includes(wanted);
    });
  };
  filter.addEventListener("input", find);
  if (names.length > longList) fieldset.append(filter);
  fieldset.append(element("div", { class: "scroll" }, ...labels));
  return {
    show(isAsked: boolean) {
      fieldset.hidden = !isAsked || names.length === 0;
    },
    read: () => names.filter((_, index) => inputs[index]?.checked),
    write(held: readonly string[]) {
      const wanted = new Set(held);
      inputs.forEach((input, index) => {
        input.checked = wanted.has(names[index] as string);
      });
      filter.value = "";
      find();
    },
  };
}

import { visible } from "../src/text/literal.js";
import { byId, element } from "./element.js";
import type { View } from "./view.js";

/** The names that the reader can choose from. */
export interface Choices {
  readonly service: readonly string[];
  readonly access: readonly string[];
  readonly role: readonly string[];
  readonly scope: readonly string[];
  readonly permission: readonly string[];
}

/** A longer list of checkboxes has a filter of its own. */
const longList = 12;

/** The filters and the question, as one value. */
export interface Controls {
  read(): View;
  /** Choices that the report does not have become no choice. */
  write(view: View): void;
}

/** Fills the static controls with the names of the report. */
export function createControls(choices: Choices): Controls {
  const form = byId<HTMLFormElement>("controls");
  const text = byId<HTMLInputElement>("text");
  const callable = byId<HTMLInputElement>("callable");
  const service = createSelect("service", choices.service);
  const access = createSelect("access", choices.access);
  const role = createSelect("role", choices.role);
  const scope = createSelect("scope", choices.scope);
  const permission = createSelect("permission", choices.permission);
  const roles = createCheckboxes("held-roles", choices.role);
  const scopes = createCheckboxes("held-scopes", choices.scope);
  const permissions = createCheckboxes("held-permissions", choices.permission);
  const held = [roles, scopes, permissions];
  const radios = (name: string) => [...form.querySelectorAll<HTMLInputElement>(`input[name="${name}"]`)];
  const chosen = (name: string) => radios(name).find(({ checked }) => checked)?.value ?? "";
  const choose = (name: string, value: string) => {
    const [first] = radios(name);
    const found = radios(name).find((radio) => radio.value === value) ?? first;
    if (found) found.checked = true;
  };
  /** Hides the questions that do not apply to the kind of caller. */
  const fit = () => {
    const caller = chosen("caller");
    for (const list of held) list.show(caller === "signed-in" || caller === "internal");
    if (callable.parentElement) callable.parentElement.hidden = caller === "";
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  return {
    read() {
      fit();
      return {
        text: text.value,
        ...{ service: service.read(), access: access.read() },
        ...{ role: role.read(), scope: scope.read(), permission: permission.read() },
        view: chosen("view"),
        caller: chosen("caller") as View["caller"],
        ...{ roles: roles.read(), scopes: scopes.read(), permissions: permissions.read() },
        callable: callable.checked,
      };
    },
    write(view) {
      text.value = view.text;
      service.write(view.service);
      access.write(view.access);
      role.write(view.role);
      scope.write(view.scope);
      permission.write(view.permission);
      choose("view", view.view);
      choose("caller", view.caller);
      roles.write(view.roles);
      scopes.write(view.scopes);
      permissions.write(view.permissions);
      callable.checked = view.callable;
      fit();
    },
  };
}

/** Options have indexes as values, since HTML changes some characters. */
function createSelect(id: string, names: readonly string[]) {
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

function createCheckboxes(id: string, names: readonly string[]) {
  const fieldset = byId<HTMLFieldSetElement>(id);
  const inputs = names.map(() => element("input", { type: "checkbox" }));
  const labels = names.map((name, index) => {
    return element("label", {}, inputs[index] as Node, element("span", {}, visible(name)));
  });
  const title = fieldset.querySelector("legend")?.textContent ?? "";
  if (names.length > longList) {
    const filter = element("input", { type: "search", placeholder: "Find a name", "aria-label": `Find ${title}` });
    filter.addEventListener("input", (event) => {
      event.stopPropagation();
      const wanted = filter.value.toLowerCase();
      names.forEach((name, index) => {
        (labels[index] as HTMLElement).hidden = !name.toLowerCase().includes(wanted);
      });
    });
    fieldset.append(filter);
  }
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
    },
  };
}

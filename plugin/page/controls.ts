import { createCheckboxes } from "./checkboxes.js";
import { byId } from "./element.js";
import { createSelect } from "./select.js";
import type { View } from "./view.js";

/** The names that the reader can choose from. */
export interface Choices {
  readonly service: readonly string[];
  readonly access: readonly string[];
  readonly role: readonly string[];
  readonly scope: readonly string[];
  readonly permission: readonly string[];
}

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

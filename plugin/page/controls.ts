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
  readonly acr: readonly string[];
  readonly credential: readonly string[];
  /** Whether a method requires a recent authentication. */
  readonly hasAge: boolean;
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
  const acr = createSelect("held-acr", choices.acr);
  const credential = createSelect("held-credential", choices.credential);
  const age = byId<HTMLInputElement>("held-age");
  /** The fields that not every report has. */
  const optional = [
    ["held-acr", choices.acr.length > 0],
    ["held-credential", choices.credential.length > 0],
    ["held-age", choices.hasAge],
  ] as const;
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
    const isKnown = caller === "signed-in" || caller === "internal";
    for (const list of held) list.show(isKnown);
    for (const [id, isAsked] of optional) (byId(id).parentElement as HTMLElement).hidden = !isKnown || !isAsked;
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
        ...{ acr: acr.read(), age: age.value, credential: credential.read() },
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
      acr.write(view.acr);
      age.value = view.age;
      credential.write(view.credential);
      callable.checked = view.callable;
      fit();
    },
  };
}

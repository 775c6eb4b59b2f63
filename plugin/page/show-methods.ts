import type { PageMethod, PageService } from "./method.js";
import type { View } from "./view.js";

/** Shows the methods that the filters let through, and returns their number. */
export function showMethods(services: readonly PageService[], view: View): number {
  const words = view.text
    .toLowerCase()
    .split(" ")
    .filter((word) => word !== "");
  let shown = 0;
  for (const { service, section, methods } of services) {
    const isService = view.service === "" || view.service === service.name;
    let ofService = 0;
    for (const method of methods) {
      const isShown = isService && passes(method, view, words);
      if (isShown) ofService++;
      for (const row of method.rows) if (row.hidden === isShown) row.hidden = !isShown;
    }
    shown += ofService;
    const isHidden = ofService === 0 && (methods.length > 0 || !isService || words.length > 0);
    if (section.hidden !== isHidden) section.hidden = isHidden;
  }
  return shown;
}

function passes({ method, text, answer }: PageMethod, view: View, words: readonly string[]): boolean {
  const { access, role, scope, permission, caller, callable } = view;
  if (access !== "" && method.access !== access) return false;
  if (role !== "" && !method.roles.includes(role)) return false;
  if (scope !== "" && !method.scopes.includes(scope)) return false;
  if (permission !== "" && !method.permissions.includes(permission) && !method.anyPermissions.includes(permission))
    return false;
  if (callable && caller !== "" && answer !== "yes" && answer !== "bound") return false;
  return words.every((word) => text.includes(word));
}

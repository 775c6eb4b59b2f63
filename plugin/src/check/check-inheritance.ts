import type { AccessField } from "../declaration/declaration.js";
import type { Row, ServiceTable } from "../merge/merge.js";
import { locate, outcomes, ownerName, type Problems, placeOf, settingOf } from "./problems.js";

/** The advice for a field without effect, by the inherited field that overrides it. A policy overrides none. */
const remedies: { readonly [F in AccessField]?: string } = {
  public: "Add `public: false` to keep it, or delete it.",
  internal: "Add `internal: false` to keep it, or delete it.",
  requires: "Write `requires` instead, or move `default_requires` to the methods that need it.",
};

/** Reports a method's fields without effect, and `public: true` of a method in an internal service. */
export function checkInheritance(row: Row, { declaration: service }: ServiceTable, problems: Problems): void {
  const { declaration: method, decidedBy } = row;
  if (decidedBy === undefined) return;
  const { by, overrides } = decidedBy;
  const report = (own: AccessField, verb: string, inherited: AccessField, advice = "") => {
    const line = locate(placeOf(service, service.fields[inherited].number));
    const text = `${settingOf(method, own)} ${verb} ${settingOf(service, inherited)} (${line}), so ${outcomes[by]}`;
    const place = placeOf(method, method.fields[own].number);
    problems.add("ambiguous", place, `${ownerName(method)}: ${text}. ${advice}`);
  };
  if (method[by] === undefined) {
    const overridden = overrides.filter((field) => method[field] !== undefined && method[field] !== false);
    for (const field of overridden) report(field, "has no effect: the service sets", by, remedies[by]);
  } else if (by === "public" && method.internal === undefined && service.internal === true) {
    const advice = "Add `internal: false` to open the method, or delete `public: true`.";
    report("public", "overrides the service's", "internal", advice);
  }
}

import type { AccessField } from "../declaration/declaration.js";
import type { Row, ServiceTable } from "../merge/merge.js";
import { locate, outcomes, ownerOf, type Problems, placeOf, settingOf } from "./problems.js";

/** How to keep a setting of a method that an inherited field silences. A policy silences nothing. */
const remedies: { readonly [F in AccessField]?: string } = {
  public: "Add `public: false` to keep it, or delete it.",
  internal: "Add `internal: false` to keep it, or delete it.",
  requires: "Write `requires` instead, or move `default_requires` to the methods that need it.",
};

/** Reports settings of a method that an inherited one silences, and a method that opens an internal service. */
export function checkInheritance(row: Row, { declaration: service }: ServiceTable, problems: Problems): void {
  const { declaration: method, decidedBy } = row;
  if (decidedBy === undefined) return;
  const { by, silences } = decidedBy;
  const report = (own: AccessField, verb: string, inherited: AccessField, advice = "") => {
    const line = locate(placeOf(service, service.fields[inherited].number));
    const text = `${settingOf(method, own)} ${verb} ${settingOf(service, inherited)} (${line}), so ${outcomes[by]}. ${advice}`;
    problems.add("ambiguous", placeOf(method, method.fields[own].number), `${ownerOf(method)}: ${text}`);
  };
  if (method[by] === undefined) {
    const silenced = silences.filter((field) => method[field] !== undefined && method[field] !== false);
    for (const field of silenced) report(field, "has no effect: the service sets", by, remedies[by]);
  } else if (by === "public" && method.internal === undefined && service.internal === true) {
    const advice = "Add `internal: false` to open the method, or delete `public: true`.";
    report("public", "overrides the service's", "internal", advice);
  }
}

import type { AccessField, Declaration } from "../declaration/declaration.js";
import type { Resolved } from "../merge/merge.js";
import { outcomes, ownerOf, placeOf, settingOf } from "./phrases.js";
import type { Problems } from "./problems.js";

/** How to keep a setting of a method that an inherited field silences. */
const remedies: { readonly [F in AccessField]: string } = {
  public: "Add `public: false` to keep it, or delete it.",
  internal: "Add `internal: false` to keep it, or delete it.",
  requires: "Write `requires` instead, or move `default_requires` to the methods that need it.",
  policy: "",
};

/** Reports settings of a method that an inherited one silences, and a method that opens an internal service. */
export function checkInheritance(
  method: Declaration,
  service: Declaration,
  { decidedBy, merged }: Resolved,
  problems: Problems,
): void {
  if (decidedBy === undefined) return;
  const { by } = decidedBy;
  const report = (own: AccessField, inherited: AccessField, explain: (line: string) => string) =>
    problems.add(
      "ambiguous",
      placeOf(method, method.option.fields[own].number),
      `${ownerOf(method)}: ${settingOf(method, own)} ` +
        explain(problems.locate(placeOf(service, service.option.fields[inherited].number))),
    );
  if (merged[by].from === "method") {
    if (by !== "public" || merged.internal.from === "method" || service.internal !== true) return;
    report("public", "internal", (line) => {
      const internal = settingOf(service, "internal");
      return `overrides ${internal} of the service (${line}), so ${outcomes.public}. Add \`internal: false\` to open the method, or delete it.`;
    });
    return;
  }
  for (const silenced of decidedBy.silences) {
    if (method[silenced] === undefined || method[silenced] === false) continue;
    report(silenced, by, (line) => {
      const winner = settingOf(service, by);
      return `has no effect: the service sets ${winner} (${line}), so ${outcomes[by]}. ${remedies[by]}`;
    });
  }
}

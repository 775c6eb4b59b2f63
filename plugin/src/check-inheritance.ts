import type { AccessField, Declaration } from "./declaration.js";
import type { Resolved } from "./merge.js";
import { outcomes, ownerOf, placeOf, settingOf } from "./phrases.js";
import type { Problems } from "./problems.js";

/** What to write when an inherited field silences what a method says. */
const remedies: { readonly [F in AccessField]: (loser: string) => string } = {
  public: (loser) => `write public: false beside ${loser} to keep it, or remove it`,
  internal: (loser) => `write internal: false beside ${loser} to keep it, or remove it`,
  requires: (loser) => `write requires instead of ${loser}, or move default_requires to the methods that need it`,
  policy: () => "",
};

/** Reports where something that a method says is silenced by what it inherits. */
export function checkInheritance(
  method: Declaration,
  service: Declaration,
  { decidedBy, merged }: Resolved,
  problems: Problems,
): void {
  if (decidedBy === undefined || merged[decidedBy.by].from === "method") return;
  const { by, silences } = decidedBy;
  for (const silenced of silences) {
    if (method[silenced] === undefined || method[silenced] === false) continue;
    const winner = settingOf(service, by);
    const loser = settingOf(method, silenced);
    const line = problems.locate(placeOf(service, service.option.fields[by].number));
    problems.add(
      "ambiguous",
      placeOf(method, method.option.fields[silenced].number),
      `${ownerOf(method)}: ${loser} is silenced by ${winner} of its service (${line}); ` +
        `${winner} wins today, so ${outcomes[by]}; ${remedies[by](loser)}`,
    );
  }
}

import { checkRequirements } from "./check-requirements.js";
import type { AccessField, Declaration, OptionMessage } from "./declaration.js";
import { literal } from "./literal.js";
import { nearest } from "./nearest.js";
import { outcomes, ownerOf, placeOf, settingOf } from "./phrases.js";
import type { Problems } from "./problems.js";

/** A field that can keep callers out. */
type Restriction = Exclude<AccessField, "public">;

/** Settings that contradict each other in one option. `wins` is what the fold would apply today. */
const contradictions: readonly {
  readonly wins: "public" | "internal";
  readonly loses: Restriction;
  readonly in: readonly OptionMessage["name"][];
}[] = [
  { wins: "public", loses: "internal", in: ["method_auth", "service_auth"] },
  { wins: "public", loses: "requires", in: ["method_auth", "service_auth"] },
  { wins: "public", loses: "policy", in: ["method_auth", "service_auth"] },
  { wins: "internal", loses: "policy", in: ["method_auth"] },
];

/** Whether a field keeps callers out, so that losing it opens access. */
const restricts: { readonly [F in Restriction]: (declaration: Declaration) => boolean } = {
  internal: ({ internal }) => internal === true,
  requires: ({ requires }) => requires !== undefined,
  policy: ({ policy }) => policy === "deny",
};

/** Reports what is wrong with one option taken by itself. */
export function checkOption(declaration: Declaration, problems: Problems): void {
  checkReadable(declaration, problems);
  checkPolicy(declaration, problems);
  checkContradictions(declaration, problems);
  checkRequirements(declaration, problems);
}

/** Whatever this version cannot read might have kept callers out: it is never skipped. */
function checkReadable(declaration: Declaration, problems: Problems): void {
  const { option, malformed, unknown } = declaration;
  if (malformed) {
    problems.add(
      "error",
      placeOf(declaration),
      `${ownerOf(declaration)}: ${option.name} is not a readable connectum.auth.v1.${option.message}, ` +
        "so what it allows is unknown; import connectum/auth/v1/options.proto as it comes with the plugin",
    );
  }
  for (const path of unknown) {
    problems.add(
      "error",
      placeOf(declaration, ...path),
      `${ownerOf(declaration)}: ${option.name} sets field ${path.join(".")}, which this version of the plugin ` +
        "does not know; ignoring it could open access; update protoc-gen-connectum-auth, or remove the field",
    );
  }
}

function checkPolicy(declaration: Declaration, problems: Problems): void {
  const { policy } = declaration;
  const words = ["allow", "deny"];
  if (policy === undefined || words.includes(policy)) return;
  const { name, number } = declaration.option.fields.policy;
  const suggestion = nearest(policy, words);
  problems.add(
    "error",
    placeOf(declaration, number),
    `${ownerOf(declaration)}: unknown ${name} ${literal(policy)}, which would decide nothing; ` +
      (suggestion === undefined ? "" : `did you mean "${suggestion}"? `) +
      'write exactly "allow" or "deny"',
  );
}

function checkContradictions(declaration: Declaration, problems: Problems): void {
  const { option } = declaration;
  for (const { wins, loses, in: names } of contradictions) {
    if (!names.includes(option.name) || declaration[wins] !== true || !restricts[loses](declaration)) continue;
    const winner = settingOf(declaration, wins);
    problems.add(
      "error",
      placeOf(declaration, option.fields[loses].number),
      `${ownerOf(declaration)}: ${option.name} sets both ${winner} and ${settingOf(declaration, loses)}; ` +
        `${winner} wins today, so ${outcomes[wins]}; remove one of them`,
    );
  }
  // Beside `requires` no policy ever applies, since no level can unset `requires`.
  const contradicted = declaration.policy === "deny" && (declaration.public === true || declaration.internal === true);
  if (declaration.requires === undefined || declaration.policy === undefined || contradicted) return;
  const requires = settingOf(declaration, "requires");
  problems.add(
    option.name === "method_auth" ? "ambiguous" : "warning",
    placeOf(declaration, option.fields.policy.number),
    `${ownerOf(declaration)}: ${settingOf(declaration, "policy")} stands beside ${requires} in one ${option.name}; ` +
      `${requires} wins today, so ${outcomes.requires}; remove one of them`,
  );
}

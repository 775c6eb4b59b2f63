import type { AccessField, Declaration, OptionKind } from "../declaration/declaration.js";
import { literal } from "../text/literal.js";
import { nearest } from "../text/nearest.js";
import { checkRequirements } from "./check-requirements.js";
import { outcomes, ownerOf, placeOf, settingOf } from "./phrases.js";
import type { Problems } from "./problems.js";

/** A field that can keep callers out. */
type Restriction = Exclude<AccessField, "public">;

/** Settings that contradict each other in one option. `wins` is the one that the fold applies. */
const contradictions: readonly {
  readonly wins: "public" | "internal";
  readonly loses: Restriction;
  readonly in: readonly OptionKind["name"][];
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

/** Reports the problems of one option taken by itself. */
export function checkOption(declaration: Declaration, problems: Problems): void {
  checkReadable(declaration, problems);
  checkPolicy(declaration, problems);
  checkContradictions(declaration, problems);
  checkRequirements(declaration, problems);
}

/** An option that this version cannot read whole may keep callers out. It is never skipped. */
function checkReadable(declaration: Declaration, problems: Problems): void {
  const { option, malformed, faults } = declaration;
  const owner = ownerOf(declaration);
  if (malformed) {
    problems.add(
      "error",
      placeOf(declaration),
      `${owner}: ${option.name} is not a readable ${option.message.typeName}, so its rule is unknown. ` +
        "Import the connectum/auth/v1/options.proto that comes with the plugin.",
    );
  }
  for (const { path, field } of faults) {
    problems.add(
      "error",
      placeOf(declaration, ...path),
      field === undefined
        ? `${owner}: ${option.name} sets field ${path.join(".")}, which this version of the plugin does not know. ` +
            "Ignoring it could open access. Update protoc-gen-connectum-auth, or delete the field."
        : `${owner}: ${option.name} sets field ${path.join(".")} with another type than ${field.parent.typeName}.${field.name} has. ` +
            "Reading it could open access. Import the connectum/auth/v1/options.proto that comes with the plugin.",
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
    `${ownerOf(declaration)}: unknown ${name} ${literal(policy)}. ` +
      (suggestion === undefined ? 'Write "allow" or "deny".' : `Did you mean "${suggestion}"? Write "allow" or "deny".`),
  );
}

function checkContradictions(declaration: Declaration, problems: Problems): void {
  const { option } = declaration;
  const owner = ownerOf(declaration);
  for (const { wins, loses, in: names } of contradictions) {
    if (!names.includes(option.name) || declaration[wins] !== true || !restricts[loses](declaration)) continue;
    problems.add(
      "error",
      placeOf(declaration, option.fields[loses].number),
      `${owner}: ${option.name} sets both ${settingOf(declaration, wins)} and ${settingOf(declaration, loses)}. ` +
        `The first would win, so ${outcomes[wins]}. Delete one of them.`,
    );
  }
  // Beside `requires` no policy ever applies, since no level can unset `requires`.
  const contradicted = declaration.policy === "deny" && (declaration.public === true || declaration.internal === true);
  if (declaration.requires === undefined || declaration.policy === undefined || contradicted) return;
  problems.add(
    option.name === "method_auth" ? "ambiguous" : "warning",
    placeOf(declaration, option.fields.policy.number),
    `${owner}: ${settingOf(declaration, "policy")} has no effect beside ${settingOf(declaration, "requires")} ` +
      `in one ${option.name}: ${outcomes.requires}. Delete one of them.`,
  );
}

import type { Declaration } from "../declaration/declaration.js";
import { literal } from "../text/literal.js";
import { nearest } from "../text/nearest.js";
import { checkRequirements } from "./check-requirements.js";
import { outcomes, ownerOf, type Problems, placeOf, settingOf } from "./problems.js";

/** What to do about options of another version. */
export const useOurs = "Import the connectum/auth/v1/options.proto that comes with the plugin.";

/** Reports the problems of one option taken by itself. */
export function checkOption(declaration: Declaration, problems: Problems): void {
  checkReadable(declaration, problems);
  checkPolicy(declaration, problems);
  checkContradictions(declaration, problems);
  checkRequirements(declaration, problems);
}

/** An option that this version cannot read whole may keep callers out. It is never skipped. */
function checkReadable(declaration: Declaration, problems: Problems): void {
  const { option, state, faults } = declaration;
  const subject = `${ownerOf(declaration)}: ${option.name}`;
  if (state === "malformed") {
    const text = `is not a readable ${option.message?.typeName}, so its rule is unknown. ${useOurs}`;
    problems.add("error", placeOf(declaration), `${subject} ${text}`);
  }
  for (const { path, field } of faults) {
    const unknown = "which this version of the plugin does not know. Ignoring it could open access";
    const text =
      field === undefined
        ? `${unknown}. Update protoc-gen-connectum-auth, or delete the field.`
        : `with another type than ${field.parent.typeName}.${field.name} has. Reading it could open access. ${useOurs}`;
    problems.add("error", placeOf(declaration, ...path), `${subject} sets field ${path.join(".")}, ${text}`);
  }
}

function checkPolicy(declaration: Declaration, problems: Problems): void {
  const { policy } = declaration;
  const words = ["allow", "deny"];
  if (policy === undefined || words.includes(policy)) return;
  const { name, number } = declaration.fields.policy;
  const meant = nearest(policy, words);
  const hint = meant === undefined ? "" : `Did you mean "${meant}"? `;
  const text = `${ownerOf(declaration)}: unknown ${name} ${literal(policy)}. ${hint}Write "allow" or "deny".`;
  problems.add("error", placeOf(declaration, number), text);
}

function checkContradictions(declaration: Declaration, problems: Problems): void {
  const { option, fields, requires, policy } = declaration;
  const settings = { public: declaration.public === true, internal: declaration.internal === true };
  const restricts = { internal: settings.internal, requires: requires !== undefined, policy: policy === "deny" };
  for (const [wins, loses] of [
    ["public", "internal"],
    ["public", "requires"],
    ["public", "policy"],
    ["internal", "policy"],
  ] as const) {
    // A service may be internal and have a policy for the methods that undo `internal`.
    const isAllowed = wins === "internal" && option.name === "service_auth";
    if (isAllowed || !settings[wins] || !restricts[loses]) continue;
    const both = `${settingOf(declaration, wins)} and ${settingOf(declaration, loses)}`;
    const text = `${option.name} sets both ${both}. The first wins, so ${outcomes[wins]}. Delete one of them.`;
    problems.add("error", placeOf(declaration, fields[loses].number), `${ownerOf(declaration)}: ${text}`);
  }
  // Beside `requires` no policy ever applies, since no level can unset `requires`.
  const isContradicted = policy === "deny" && (settings.public || settings.internal);
  if (requires === undefined || policy === undefined || isContradicted) return;
  const text = `has no effect beside ${settingOf(declaration, "requires")} in one ${option.name}: ${outcomes.requires}`;
  const message = `${ownerOf(declaration)}: ${settingOf(declaration, "policy")} ${text}. Delete one of them.`;
  const severity = option.name === "method_auth" ? "ambiguous" : "warning";
  problems.add(severity, placeOf(declaration, fields.policy.number), message);
}

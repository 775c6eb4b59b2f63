import type { Declaration } from "../declaration/declaration.js";
import { literal } from "../text/literal.js";
import { nearest } from "../text/nearest.js";
import { checkCredentials, checkRequirements } from "./check-requirements.js";
import { outcomes, ownerName, type Problems, placeOf, settingOf } from "./problems.js";

/** The advice for an options proto of another version. */
export const importAdvice = "Import the connectum/auth/v1/options.proto that comes with the plugin.";

/** Reports the problems inside one option. */
export function checkOption(declaration: Declaration, problems: Problems): void {
  if (declaration.state === "absent") return;
  checkDecodable(declaration, problems);
  checkPolicy(declaration, problems);
  checkContradictions(declaration, problems);
  checkRequirements(declaration, problems);
  checkCredentials(declaration, problems);
}

/** Reports an option that this version cannot decode completely. Ignoring it could open access. */
function checkDecodable(declaration: Declaration, problems: Problems): void {
  const { option, state, faults } = declaration;
  const subject = `${ownerName(declaration)}: ${option.name}`;
  if (state === "malformed") {
    const text = `cannot be decoded as ${option.message?.typeName}, so its rule is unknown. ${importAdvice}`;
    problems.add("error", placeOf(declaration), `${subject} ${text}`);
  }
  for (const { path, field } of faults) {
    const unknown = "which this version of the plugin does not know. Ignoring it could open access";
    const text =
      field === undefined
        ? `${unknown}. Update protoc-gen-connectum-auth, or delete the field.`
        : `but not with the type of ${field}. Decoding it could open access. ${importAdvice}`;
    problems.add("error", placeOf(declaration, ...path), `${subject} sets field ${path.join(".")}, ${text}`);
  }
}

/** Reports a policy other than `allow` and `deny`. */
function checkPolicy(declaration: Declaration, problems: Problems): void {
  const { policy } = declaration;
  const words = ["allow", "deny"];
  if (policy === undefined || words.includes(policy)) return;
  const { name, number } = declaration.fields.policy;
  const suggestion = nearest(policy, words);
  const hint = suggestion === undefined ? "" : `Did you mean "${suggestion}"? `;
  const text = `${ownerName(declaration)}: unknown ${name} ${literal(policy)}. ${hint}Write "allow" or "deny".`;
  problems.add("error", placeOf(declaration, number), text);
}

/** Reports fields of one option that exclude each other. */
function checkContradictions(declaration: Declaration, problems: Problems): void {
  const { option, fields, requires, policy, condition, resource, credentials } = declaration;
  const settings = { public: declaration.public === true, internal: declaration.internal === true };
  const restricts = {
    internal: settings.internal,
    requires: requires !== undefined,
    policy: policy === "deny",
    condition: condition !== undefined,
    resource: resource !== undefined,
    credentials: credentials !== undefined,
  };
  for (const [wins, loses] of [
    ["public", "internal"],
    ["public", "requires"],
    ["public", "policy"],
    ["public", "condition"],
    ["public", "resource"],
    ["public", "credentials"],
    ["internal", "policy"],
  ] as const) {
    // The policy of an internal service applies to its methods with `internal: false`.
    const isAllowed = wins === "internal" && option.name === "service_auth";
    if (isAllowed || !settings[wins] || !restricts[loses]) continue;
    const both = `${settingOf(declaration, wins)} and ${settingOf(declaration, loses)}`;
    const text = `${option.name} sets both ${both}. The first wins, so ${outcomes[wins]}. Delete one of them.`;
    problems.add("error", placeOf(declaration, fields[loses].number), `${ownerName(declaration)}: ${text}`);
  }
  // No method can unset `requires`, so a policy beside it never applies.
  const isContradicted = policy === "deny" && (settings.public || settings.internal);
  if (requires === undefined || policy === undefined || isContradicted) return;
  const text = `has no effect beside ${settingOf(declaration, "requires")} in one ${option.name}: ${outcomes.requires}`;
  const message = `${ownerName(declaration)}: ${settingOf(declaration, "policy")} ${text}. Delete one of them.`;
  const severity = option.name === "method_auth" ? "ambiguous" : "warning";
  problems.add(severity, placeOf(declaration, fields.policy.number), message);
}

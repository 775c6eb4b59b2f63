import { type AccessField, type Declaration, type Requirements, requirementsFields } from "./declaration.js";
import { literal } from "./literal.js";
import { fold, type Resolved } from "./merge.js";
import { nearest } from "./nearest.js";
import type { Place, Problems } from "./problems.js";

/** Settings that cannot stand in one option. `wins` is what the fold would apply today. */
const contradictions: readonly {
  readonly wins: AccessField;
  readonly loses: AccessField;
  readonly on: readonly Declaration["option"]["name"][];
}[] = [
  { wins: "public", loses: "internal", on: ["method_auth", "service_auth"] },
  { wins: "public", loses: "requires", on: ["method_auth", "service_auth"] },
  { wins: "public", loses: "policy", on: ["method_auth", "service_auth"] },
  { wins: "internal", loses: "policy", on: ["method_auth"] },
];

/** Whether an option asks for something that winning over it would take away. */
const restricts: { readonly [F in AccessField]: (declaration: Declaration) => boolean } = {
  public: () => false,
  internal: ({ internal }) => internal === true,
  requires: ({ requires }) => requires !== undefined,
  policy: ({ policy }) => policy === "deny",
};

/** What it means when a field decides. */
const outcomes: { readonly [F in AccessField]: string } = {
  public: "anybody may call",
  internal: "only trusted internal callers may call",
  requires: "callers with these roles and scopes may call",
  policy: "the policy alone decides",
};

const policies: readonly string[] = ["allow", "deny"];

/** Reports what is wrong with one option taken by itself. */
export function checkDeclaration(declaration: Declaration, problems: Problems): void {
  const { option, owner } = declaration;
  const fail = (message: string, ...path: readonly number[]) =>
    problems.add("error", placeIn(declaration, ...path), `${describeOwner(owner)}: ${message}`);

  if (declaration.malformed) {
    fail(
      `${option.name} is not a readable connectum.auth.v1.${option.message}, so what it allows is unknown; ` +
        "import connectum/auth/v1/options.proto as it comes with the plugin",
    );
    return;
  }
  for (const path of declaration.unknown) {
    fail(
      `${option.name} sets field ${path.join(".")}, which this version of the plugin does not know; ` +
        "ignoring it could open access; update protoc-gen-connectum-auth, or remove the field",
      ...path,
    );
  }
  if (declaration.policy !== undefined && !policies.includes(declaration.policy)) {
    const { name, number } = option.fields.policy;
    const suggestion = nearest(declaration.policy, policies);
    fail(
      `unknown ${name} ${literal(declaration.policy)}: it would decide nothing; ` +
        (suggestion === undefined
          ? `write ${name}: "allow" or ${name}: "deny"`
          : `did you mean ${name}: "${suggestion}"? (exactly "allow" or "deny")`),
      number,
    );
  }
  for (const { wins, loses, on } of contradictions) {
    if (declaration[wins] !== true || !on.includes(option.name) || !restricts[loses](declaration)) continue;
    const [winner, loser] = [describeField(declaration, wins), describeField(declaration, loses)];
    fail(
      `${option.name} sets both ${winner} and ${loser}; ${winner} wins today, so ${outcomes[wins]}; remove one of them`,
      option.fields[loses].number,
    );
  }
  if (declaration.requires !== undefined) checkRequirements(declaration, declaration.requires, problems);
  if (declaration.requires !== undefined && declaration.policy !== undefined) checkDeadPolicy(declaration, problems);
}

function checkRequirements(declaration: Declaration, requirements: Requirements, problems: Problems): void {
  const { option, owner } = declaration;
  for (const kind of ["roles", "scopes"] as const) {
    const word = kind === "roles" ? "role" : "scope";
    const seen = new Set<string>();
    for (const [index, value] of requirements[kind].entries()) {
      const place = placeIn(declaration, option.fields.requires.number, requirementsFields[kind], index);
      const fault = faultOf(value, kind);
      if (fault !== undefined) {
        problems.add(
          "error",
          place,
          `${describeOwner(owner)}: ${word} ${literal(value)} ${fault.what}, so no caller would hold it; ${fault.instead}`,
        );
      } else if (seen.has(value)) {
        problems.add(
          "ambiguous",
          place,
          `${describeOwner(owner)}: ${word} ${literal(value)} is listed twice; the second changes nothing; ` +
            `remove it, or write the ${word} that was meant`,
        );
      }
      seen.add(value);
    }
  }
}

function faultOf(value: string, kind: "roles" | "scopes"): { what: string; instead: string } | undefined {
  const word = kind === "roles" ? "role" : "scope";
  if (value === "") return { what: "is empty", instead: `write the name of a ${word}, or remove the entry` };
  if (/\p{Cc}/u.test(value)) return { what: "contains a control character", instead: "remove it" };
  if (/^\s|\s$/.test(value)) {
    return { what: "begins or ends with white space", instead: `write ${literal(value.trim())}` };
  }
  if (kind === "scopes" && value.includes(" ")) {
    const list = value.split(/ +/).map((scope) => literal(scope));
    return { what: "contains a space, which separates scopes in a token", instead: `write ${list.join(", ")}` };
  }
  return undefined;
}

/** A policy beside requirements in one option never applies, since no level can unset `requires`. */
function checkDeadPolicy(declaration: Declaration, problems: Problems): void {
  const { option, owner } = declaration;
  const isMethod = option === declaration.option && option.name === "method_auth";
  if (declaration.public === true && declaration.policy === "deny") return;
  if (declaration.internal === true && declaration.policy === "deny" && isMethod) return;
  const [requires, policy] = [describeField(declaration, "requires"), describeField(declaration, "policy")];
  problems.add(
    isMethod ? "ambiguous" : "warning",
    placeIn(declaration, option.fields.policy.number),
    `${describeOwner(owner)}: ${policy} stands beside ${requires} in one ${option.name}; ` +
      `${requires} wins today, so ${outcomes.requires}; remove one of them`,
  );
}

/** Reports where what a method says is silenced by what it inherits. */
export function checkInheritance(
  method: Declaration,
  service: Declaration,
  resolved: Resolved,
  problems: Problems,
): void {
  const row = fold.find(({ access }) => access === resolved.access);
  if (row?.by === undefined || resolved.merged[row.by].from === "method") return;
  for (const silenced of row.silences) {
    if (silenced === "internal" ? method.internal !== true : method[silenced] === undefined) continue;
    const winner = describeField(service, row.by);
    const loser = describeField(method, silenced);
    const line = problems.locate(placeIn(service, service.option.fields[row.by].number));
    problems.add(
      "ambiguous",
      placeIn(method, method.option.fields[silenced].number),
      `${describeOwner(method.owner)}: ${loser} is silenced by ${winner} of its service (${line}); ` +
        `${winner} wins today, so ${outcomes[row.by]}; ${remedy(row.by, loser)}`,
    );
  }
}

function remedy(winner: AccessField, loser: string): string {
  return winner === "requires"
    ? `write requires on the method instead of ${loser}, or move default_requires to the methods that need it`
    : `write ${winner}: false beside ${loser} to keep it, or remove it`;
}

function describeOwner(owner: Declaration["owner"]): string {
  return "service" in owner ? `${owner.service.typeName}.${owner.name}` : owner.typeName;
}

function describeField(declaration: Declaration, field: AccessField): string {
  const { name } = declaration.option.fields[field];
  switch (field) {
    case "requires":
      return name;
    case "policy":
      return `${name}: ${literal(declaration.policy ?? "")}`;
    default:
      return `${name}: ${declaration[field]}`;
  }
}

/** Where an option, or a field in it, is written. */
function placeIn({ owner, option }: Declaration, ...path: readonly number[]): Place {
  const file = "service" in owner ? owner.service.file : owner.file;
  return { file, path: [...owner.path, ...option.path, ...path] };
}

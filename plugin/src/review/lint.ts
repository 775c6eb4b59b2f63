import type { DescFile } from "@bufbuild/protobuf";
import { ownerName, Problems, placeOf } from "../check/problems.js";
import { resolve } from "../check/resolve.js";
import type { Declaration } from "../declaration/declaration.js";
import { type AuthRequirements, AuthRequirementsSchema } from "../gen/connectum/auth/v1/options_pb.js";
import type { Row, ServiceTable } from "../merge/merge.js";
import { literal } from "../text/literal.js";
import { nearest } from "../text/nearest.js";
import type { ReviewOptions } from "./review-options.js";
import type { Finding } from "./rules.js";

/** Least number of methods with a tenant, and their least share, for a service to be one of tenants. */
const [tenantMethods, tenantShare] = [2, 0.75];

/** Checks the access rules of files by all lint rules. */
export function lint(files: readonly DescFile[], allFiles: readonly DescFile[], options: ReviewOptions): Finding[] {
  const problems = new Problems();
  const { tables } = resolve(files, allFiles, problems);
  const findings: Finding[] = problems.all.map(({ severity, place, message }) => ({
    rule: severity === "error" ? "valid" : "unambiguous",
    place,
    message,
  }));
  for (const table of [...tables.values()].flat()) {
    findings.push(...checkTenant(table, options), ...checkNames(table.declaration, options));
    for (const row of table.rows)
      findings.push(...checkMethod(row, table, options), ...checkNames(row.declaration, options));
  }
  return findings;
}

function checkMethod(row: Row, { declaration: service }: ServiceTable, { writeMethods }: ReviewOptions): Finding[] {
  const { declaration, method, access } = row;
  const name = ownerName(declaration);
  const findings: Finding[] = [];
  const report = (rule: Finding["rule"], message: string, ...field: number[]) =>
    findings.push({ rule, place: placeOf(declaration, ...field), message: `${name}: ${message}` });
  // A wrong policy is reported as such.
  if (access === "unspecified" && (declaration.policy ?? service.policy) === undefined) {
    report("declared", "has no access rule, so the server's code decides. Set `requires`, `policy` or `public`.");
  }
  if (access === "public" && writeMethods.test(method.name)) {
    report("writePublic", "is public, but its name says that it writes. Set `requires`, or rename it.");
  }
  const repeated = (["public", "internal", "policy", "condition", "resource", "credentials"] as const).filter(
    (field) => declaration[field] !== undefined && textOf(declaration[field]) === textOf(service[field]),
  );
  if (declaration.requires && service.requires && isSame(declaration.requires, service.requires)) {
    report(
      "repeated",
      "`requires` repeats the service's `default_requires`. Delete it.",
      declaration.fields.requires.number,
    );
  }
  for (const field of repeated) {
    const { name: own, number } = declaration.fields[field];
    const { name: inherited } = service.fields[field];
    report("repeated", `\`${own}\` repeats the service's \`${inherited}\`. Delete it.`, number);
  }
  return findings;
}

function isSame(a: AuthRequirements, b: AuthRequirements): boolean {
  return AuthRequirementsSchema.fields.every(({ localName }) => {
    const [x, y] = [a, b].map((one) => textOf(Reflect.get(one, localName)));
    return x === y;
  });
}

/** Returns a value as text. The order of a list does not matter. */
function textOf(value: unknown): string {
  return Array.isArray(value) ? [...value].sort().join("\n") : String(value);
}

/** Reports a service most of whose requests name a tenant, and that has neither a condition nor a resource. */
function checkTenant({ declaration, rows }: ServiceTable, { tenantFields }: ReviewOptions): Finding[] {
  const guarded = rows.filter(({ access }) => access !== "public" && access !== "deny");
  for (const name of tenantFields) {
    const naming = guarded.filter(({ method }) => method.input.fields.some((field) => field.name === name));
    const open = naming.filter(({ conditions, resource }) => conditions.length === 0 && resource === undefined);
    const isOfTenants = naming.length >= tenantMethods && naming.length >= tenantShare * guarded.length;
    if (!isOfTenants || open.length === 0) continue;
    const [first] = open;
    const text = `${open.length} of its requests name a ${name} that no condition checks, such as that of ${first?.method.name}`;
    const advice = `Add a condition to the service, such as "request.${name} == caller.claims.${name.replace(/_id$/, "")}", or a resource.`;
    return [{ rule: "tenant", place: placeOf(declaration), message: `${ownerName(declaration)}: ${text}. ${advice}` }];
  }
  return [];
}

function checkNames(declaration: Declaration, options: ReviewOptions): Finding[] {
  const { requires, credentials = [], fields } = declaration;
  const { field } = AuthRequirementsSchema;
  const required = (list: "roles" | "scopes" | "permissions" | "anyPermissions" | "acr") => ({
    names: requires?.[list] ?? [],
    path: [fields.requires.number, field[list].number],
  });
  const { roles, scopes, permissions, rolePattern, scopePattern, permissionPattern } = options;
  const kinds = [
    { kind: "role", option: "roles", ...required("roles"), known: roles, pattern: rolePattern },
    { kind: "scope", option: "scopes", ...required("scopes"), known: scopes, pattern: scopePattern },
    ...(["permissions", "anyPermissions"] as const).map((list) => ({
      ...{ kind: "permission", option: "permissions", ...required(list), known: permissions },
      pattern: permissionPattern,
    })),
    { kind: "acr", option: "acr", ...required("acr"), known: options.acr, pattern: undefined },
    {
      ...{ kind: "credential", option: "credentials", names: credentials, path: [fields.credentials.number] },
      ...{ known: options.credentials, pattern: undefined },
    },
  ];
  return kinds.flatMap(({ kind, option, names, path, known, pattern }) =>
    names.flatMap((name, index): Finding[] => {
      const place = placeOf(declaration, ...path, index);
      const subject = `${ownerName(declaration)}: ${kind} ${literal(name)}`;
      const findings: Finding[] = [];
      if (known !== undefined && !known.includes(name)) {
        const meant = nearest(name, known);
        const hint = meant === undefined ? `Known: ${known.join(", ")}.` : `Did you mean ${meant}?`;
        findings.push({ rule: "known", place, message: `${subject} is not in the option \`${option}\`. ${hint}` });
      }
      if (pattern !== undefined && !pattern.test(name)) {
        findings.push({ rule: "pattern", place, message: `${subject} does not match ${pattern.source}.` });
      }
      return findings;
    }),
  );
}

import type { DescField } from "@bufbuild/protobuf";
import { type AccessField, type Declaration, exemptField } from "../declaration/declaration.js";
import type { DecidingField, Row, ServiceTable } from "../merge/merge.js";
import { locate, outcomes, ownerName, type Problems, placeOf, settingOf } from "./problems.js";

/** The advice for a field without effect, by the field that overrides it. */
const remedies: { readonly [F in DecidingField]: string } = {
  public: "Add `public: false` to keep it, or delete it.",
  internal: "Add `internal: false` to keep it, or delete it.",
  requires: "Write `requires` instead, or move `default_requires` to the methods that need it.",
  policy: "Set `requires` or `policy` to keep it, or delete it.",
};

/**
 * Reports a method's fields without effect, and `public: true` of a method in a service that is internal or has a
 * condition.
 */
export function checkInheritance(row: Row, { declaration: service }: ServiceTable, problems: Problems): void {
  const { declaration: method, decidedBy } = row;
  checkExemption(row, service, problems);
  checkInternalCredentials(row, service, problems);
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
  if (by === "policy" && method.policy !== undefined) {
    for (const field of overrides.filter((one) => method[one] !== undefined)) {
      const text = `${settingOf(method, field)} has no effect beside ${settingOf(method, by)}: nobody may call`;
      problems.add(
        "ambiguous",
        placeOf(method, method.fields[field].number),
        `${ownerName(method)}: ${text}. Delete it.`,
      );
    }
  }
}

/**
 * Reports a method that inherits kinds of credentials and sets `internal` against its service: internal callers have
 * credentials of other kinds.
 */
function checkInternalCredentials({ declaration: method }: Row, service: Declaration, problems: Problems): void {
  const { internal = false } = service;
  if (service.credentials === undefined || method.credentials !== undefined) return;
  if (method.internal === undefined || method.internal === internal || method.public === true) return;
  const line = locate(placeOf(service, service.fields.credentials.number));
  const text = `${settingOf(method, "internal")} does not fit the service's ${settingOf(service, "credentials")} (${line})`;
  const advice = "Add `credentials` with the kinds that this method takes.";
  const place = placeOf(method, method.fields.internal.number);
  problems.add("ambiguous", place, `${ownerName(method)}: ${text}: internal callers have other credentials. ${advice}`);
}

/** Reports `exempt: true` without effect, and its absence on a public method. */
function checkExemption({ declaration: method, access }: Row, service: Declaration, problems: Problems): void {
  const inherited = (["condition", "resource"] as const).find((field) => service[field] !== undefined);
  const report = (field: DescField | undefined, text: string) =>
    problems.add("ambiguous", placeOf(method, ...(field ? [field.number] : [])), `${ownerName(method)}: ${text}`);
  if (method.exempt === true && inherited === undefined) {
    report(
      exemptField,
      "`exempt: true` has no effect: the service sets neither `condition` nor `resource`. Delete it.",
    );
  }
  if (access !== "public" || method.exempt === true || inherited === undefined || service.public === true) return;
  const line = locate(placeOf(service, service.fields[inherited].number));
  const text = `\`public: true\` overrides the service's ${settingOf(service, inherited)} (${line}), so anybody may call`;
  report(method.fields.public, `${text}. Add \`exempt: true\` to open the method, or delete \`public: true\`.`);
}

import { type DescMethod, type DescService, getOption, hasOption, isFieldSet } from "@bufbuild/protobuf";
import {
  type AuthRequirements,
  AuthRequirementsSchema,
  type MethodAuth,
  MethodAuthSchema,
  method_auth,
  type ServiceAuth,
  ServiceAuthSchema,
  service_auth,
} from "../../../plugin/dist/gen/connectum/auth/v1/options_pb.js";

/**
 * The access of a method, and what is wrong with its options, read at run time through protobuf-es and written down
 * from the documentation: nothing of the generator is used here.
 */
export interface Verdict {
  readonly row: {
    access: string;
    roles?: string[];
    scopes?: string[];
    permissions?: string[];
    anyPermissions?: string[];
    acr?: string[];
    maxAgeSeconds?: number;
    credentials?: string[];
    condition?: string;
    resource?: string;
  };
  readonly errors: readonly string[];
  readonly ambiguities: readonly string[];
}

/** What the options of a method say, after everything that it inherits. */
export function judgeMethod(method: DescMethod): Verdict {
  const own = hasOption(method, method_auth) ? getOption(method, method_auth) : undefined;
  const inherited = hasOption(method.parent, service_auth) ? getOption(method.parent, service_auth) : undefined;

  const isPublic = said(own, "public") ? own?.public : saidByService(inherited, "public") && inherited?.public;
  const isInternal = said(own, "internal")
    ? own?.internal
    : saidByService(inherited, "internal") && inherited?.internal;
  const requires = own?.requires ?? inherited?.defaultRequires;
  let policy: string | undefined;
  if (saidByService(inherited, "defaultPolicy")) policy = inherited?.defaultPolicy;
  if (said(own, "policy")) policy = own?.policy;

  let row: Verdict["row"] = { access: "unspecified" };
  if (policy === "deny" || policy === "allow") row = { access: policy };
  const lists = {
    roles: requires?.roles ?? [],
    scopes: requires?.scopes ?? [],
    ...(requires?.permissions.length && { permissions: requires.permissions }),
    ...(requires?.anyPermissions.length && { anyPermissions: requires.anyPermissions }),
    ...(requires?.acr.length && { acr: requires.acr }),
    ...(requires && isFieldSet(requires, ageField) && { maxAgeSeconds: requires.maxAgeSeconds }),
  };
  if (requires) row = { access: "requires", ...lists };
  if (isInternal) row = { access: "internal", ...lists };
  if (isPublic) row = { access: "public" };
  const kinds = own?.credentials.length ? own.credentials : (inherited?.credentials ?? []);
  if (row.access !== "public" && row.access !== "deny" && kinds.length > 0) row = { ...row, credentials: kinds };
  const exempt = own?.exempt === true;
  const ownTexts = {
    condition: said(own, "condition") && own?.condition,
    resource: said(own, "resource") && own?.resource,
  };
  const inheritedTexts = {
    condition: saidByService(inherited, "condition") && inherited?.condition,
    resource: saidByService(inherited, "resource") && inherited?.resource,
  };
  if (row.access !== "public" && row.access !== "deny") {
    const conditions = [!exempt && inheritedTexts.condition, ownTexts.condition].filter((text) => text);
    const condition = conditions.length > 1 ? conditions.map((text) => `(${text})`).join(" && ") : conditions[0];
    const resource = ownTexts.resource || (!exempt && inheritedTexts.resource);
    row = { ...row, ...(condition && { condition }), ...(resource && { resource }) };
  }

  const errors: string[] = [];
  const ambiguities: string[] = [];
  const name = `${method.parent.typeName}.${method.name}`;
  if (own) {
    const denied = own.policy === "deny";
    if (said(own, "policy") && !/^(allow|deny)$/.test(own.policy)) errors.push(`${name} unknown policy`);
    if (own.public && own.requires) errors.push(`${name} public+requires`);
    if (own.public && denied) errors.push(`${name} public+policy`);
    if (own.public && own.internal) errors.push(`${name} public+internal`);
    if (own.internal && denied) errors.push(`${name} internal+policy`);
    if (own.requires && said(own, "policy") && !(denied && (own.public || own.internal))) {
      ambiguities.push(`${name} requires beside policy`);
    }
    judgeNames(name, own.requires, errors, ambiguities);
    judgeCredentials(name, own.credentials, errors, ambiguities);
    const changes = said(own, "internal") && own.internal !== (inherited?.internal === true);
    if (
      changes &&
      inherited?.credentials.length &&
      own.credentials.length === 0 &&
      !(said(own, "public") && own.public)
    ) {
      ambiguities.push(`${name} internal beside inherited credentials`);
    }
    const isSaid = { ...ownTexts, credentials: own.credentials.length > 0 };
    for (const field of ["condition", "resource", "credentials"] as const) {
      if (!isSaid[field]) continue;
      if (own.public) errors.push(`${name} public+${field}`);
      if (row.access === "deny") {
        ambiguities.push(said(own, "policy") ? `${name} policy beside ${field}` : `${name} policy silences ${field}`);
      }
      if (inherited?.public && !said(own, "public")) ambiguities.push(`${name} public silences ${field}`);
    }
    const held = [...(row.permissions ?? []), ...(row.anyPermissions ?? [])];
    if (ownTexts.resource && !["public", "deny"].includes(row.access) && held.length === 0) {
      ambiguities.push(`${name} resource without permissions`);
    }
    const isBound = inheritedTexts.condition || inheritedTexts.resource;
    if (exempt && !isBound) ambiguities.push(`${name} exempt without effect`);
    if (own.public && !inherited?.public && !exempt && isBound) {
      ambiguities.push(`${name} public over ${inheritedTexts.condition ? "condition" : "resource"}`);
    }

    const opened = inherited?.public && !said(own, "public");
    const closed = !isPublic && inherited?.internal && !said(own, "internal");
    const demanded = !isPublic && !isInternal && inherited?.defaultRequires && !own.requires;
    if (own.public && inherited?.internal && !said(own, "internal")) ambiguities.push(`${name} public over internal`);
    if (opened && own.internal) ambiguities.push(`${name} public silences internal`);
    if (opened && own.requires) ambiguities.push(`${name} public silences requires`);
    for (const [silences, by] of [
      [opened, "public"],
      [closed, "internal"],
      [demanded, "requires"],
    ]) {
      if (silences && said(own, "policy")) ambiguities.push(`${name} ${by} silences policy`);
    }
  }
  return { row, errors, ambiguities };
}

/** What is wrong with the option of a service. */
export function judgeService(service: DescService): Omit<Verdict, "row"> {
  const errors: string[] = [];
  const ambiguities: string[] = [];
  const auth = hasOption(service, service_auth) ? getOption(service, service_auth) : undefined;
  if (auth) {
    const name = service.typeName;
    if (saidByService(auth, "defaultPolicy") && !["allow", "deny"].includes(auth.defaultPolicy)) {
      errors.push(`${name} unknown policy`);
    }
    if (auth.public && auth.defaultRequires) errors.push(`${name} public+requires`);
    if (auth.public && auth.defaultPolicy === "deny") errors.push(`${name} public+policy`);
    if (auth.public && auth.internal) errors.push(`${name} public+internal`);
    for (const field of ["condition", "resource"] as const) {
      if (auth.public && saidByService(auth, field)) errors.push(`${name} public+${field}`);
    }
    if (auth.public && auth.credentials.length > 0) errors.push(`${name} public+credentials`);
    judgeCredentials(name, auth.credentials, errors, ambiguities);
    judgeNames(name, auth.defaultRequires, errors, ambiguities);
  }
  return { errors, ambiguities };
}

function judgeNames(
  owner: string,
  requires: AuthRequirements | undefined,
  errors: string[],
  ambiguities: string[],
): void {
  if (requires && isFieldSet(requires, ageField) && requires.maxAgeSeconds === 0) errors.push(`${owner} age of 0`);
  for (const [kind, names] of [
    ["role", requires?.roles ?? []],
    ["scope", requires?.scopes ?? []],
    ["permission", requires?.permissions ?? []],
    ["permission", requires?.anyPermissions ?? []],
    ["acr", requires?.acr ?? []],
  ] as const) {
    names.forEach((name, index) => {
      if (isBad(name) || (kind !== "role" && / /.test(name))) {
        errors.push(`${owner} bad ${kind}`);
      } else if (names.indexOf(name) < index) {
        ambiguities.push(`${owner} duplicate ${kind}`);
      } else if (names === requires?.anyPermissions && requires.permissions.includes(name)) {
        ambiguities.push(`${owner} permission in both`);
      }
    });
  }
}

function judgeCredentials(owner: string, names: string[], errors: string[], ambiguities: string[]): void {
  names.forEach((name, index) => {
    if (isBad(name)) errors.push(`${owner} bad credential`);
    else if (names.indexOf(name) < index) ambiguities.push(`${owner} duplicate credential`);
  });
}

function isBad(name: string): boolean {
  const control = [...name].some((character) => {
    const code = character.charCodeAt(0);
    return code < 32 || (code > 126 && code < 160);
  });
  const hidden = /[\u00a0\u200b\u202e\u{e0041}]/u.test(name);
  return name.length === 0 || control || hidden || /^\s/.test(name) || /\s$/.test(name);
}

const ageField = AuthRequirementsSchema.field.maxAgeSeconds;

type Bound = "condition" | "resource";

function said(auth: MethodAuth | undefined, field: "public" | "internal" | "policy" | Bound): boolean {
  return auth !== undefined && isFieldSet(auth, MethodAuthSchema.field[field]);
}

function saidByService(auth: ServiceAuth | undefined, field: "public" | "internal" | "defaultPolicy" | Bound): boolean {
  return auth !== undefined && isFieldSet(auth, ServiceAuthSchema.field[field]);
}

/** The reason in one of the generator's messages, in the oracle's words. */
export function reasonOf(message: string): string {
  const text = message.replace(/^[^:]*(?::\d+:\d+)?: (?:warning: )?/, "");
  const owner = /^[\w.]+/.exec(text)?.[0];
  const patterns: readonly [RegExp, (...groups: string[]) => string][] = [
    [/: unknown (?:default_)?policy /, () => "unknown policy"],
    [/ sets both `(\w+): true` and `(?:default_)?(\w+)/, (wins, loses) => `${wins}+${loses}`],
    [/ has no effect beside `(?:default_)?requires` in one /, () => "requires beside policy"],
    [
      /: `(\w+).* has no effect: the service sets `(?:default_)?(\w+)/,
      (loser, winner) => `${winner} silences ${loser}`,
    ],
    [/: `public: true` overrides the service's `(\w+)/, (field) => `public over ${field}`],
    [/: `(\w+).* has no effect beside `policy/, (field) => `policy beside ${field}`],
    [/: `exempt: true` has no effect/, () => "exempt without effect"],
    [/: permission .* is in `permissions`, too/, () => "permission in both"],
    [/: resource binds nothing: the method requires no permissions/, () => "resource without permissions"],
    [
      /: `internal: (?:true|false)` does not fit the service's `credentials`/,
      () => "internal beside inherited credentials",
    ],
    [/: `max_age_seconds: 0` lets nobody in/, () => "age of 0"],
    [/: (role|scope|permission|acr|credential) .* is listed twice/, (kind) => `duplicate ${kind}`],
    [/: (role|scope|permission|acr|credential) .* (?:is empty|contains|begins or ends)/, (kind) => `bad ${kind}`],
  ];
  for (const [pattern, reason] of patterns) {
    const match = pattern.exec(text);
    if (match !== null) return `${owner} ${reason(...match.slice(1))}`;
  }
  return `unexpected: ${message}`;
}

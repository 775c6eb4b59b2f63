import type { Option, Value } from "../gen/buf/plugin/option/v1/option_pb.js";
import { nearest } from "../text/nearest.js";

/** A mistake in the options of the plugin in buf.yaml. */
export class ReviewOptionError extends Error {}

/** The options of the check plugin in buf.yaml. */
export interface ReviewOptions {
  /** The names that are allowed. Undefined: any. */
  readonly roles: readonly string[] | undefined;
  readonly scopes: readonly string[] | undefined;
  readonly permissions: readonly string[] | undefined;
  readonly acr: readonly string[] | undefined;
  readonly credentials: readonly string[] | undefined;
  readonly rolePattern: RegExp | undefined;
  readonly scopePattern: RegExp | undefined;
  readonly permissionPattern: RegExp | undefined;
  /** Matches the names of methods that write. */
  readonly writeMethods: RegExp;
  /** Names of request fields that name a tenant. */
  readonly tenantFields: readonly string[];
}

const defaults: ReviewOptions = {
  ...{ roles: undefined, scopes: undefined, permissions: undefined, acr: undefined, credentials: undefined },
  ...{ rolePattern: undefined, scopePattern: undefined, permissionPattern: undefined },
  writeMethods:
    /^(Create|Update|Delete|Set|Add|Remove|Put|Patch|Insert|Upsert|Replace|Write|Cancel|Revoke|Grant|Import|Purge|Restore)(?![a-z])/,
  tenantFields: ["tenant_id", "tenant", "account_id", "organization_id", "org_id", "workspace_id"],
};

const readers: { readonly [key: string]: (value: Value | undefined, key: string) => Partial<ReviewOptions> } = {
  roles: (value, key) => ({ roles: readTexts(value, key) }),
  scopes: (value, key) => ({ scopes: readTexts(value, key) }),
  permissions: (value, key) => ({ permissions: readTexts(value, key) }),
  acr: (value, key) => ({ acr: readTexts(value, key) }),
  credentials: (value, key) => ({ credentials: readTexts(value, key) }),
  role_pattern: (value, key) => ({ rolePattern: readPattern(value, key) }),
  scope_pattern: (value, key) => ({ scopePattern: readPattern(value, key) }),
  permission_pattern: (value, key) => ({ permissionPattern: readPattern(value, key) }),
  write_methods: (value, key) => ({ writeMethods: readPattern(value, key) }),
  tenant_fields: (value, key) => ({ tenantFields: readTexts(value, key) }),
};

/** @throws ReviewOptionError for an unknown option or a wrong value. */
export function readReviewOptions(options: readonly Option[]): ReviewOptions {
  const read = options.map(({ key, value }) => {
    const reader = Object.hasOwn(readers, key) ? readers[key] : undefined;
    if (reader !== undefined) return reader(value, key);
    const known = Object.keys(readers);
    const meant = nearest(key, known);
    const hint = meant === undefined ? `Known options: ${known.join(", ")}` : `Did you mean ${meant}?`;
    throw new ReviewOptionError(`unknown option ${JSON.stringify(key)} of buf-plugin-connectum-auth. ${hint}`);
  });
  return Object.assign({ ...defaults }, ...read);
}

function readTexts(value: Value | undefined, key: string): readonly string[] {
  const { case: kind, value: list } = value?.type ?? {};
  const items = kind === "listValue" ? list?.values.map(({ type }) => type) : undefined;
  const texts = items?.map((type) => (type.case === "stringValue" ? type.value : undefined));
  if (texts?.every((text) => text !== undefined && text !== "")) return texts as readonly string[];
  throw new ReviewOptionError(`option ${key}: expected a list of names, such as [admin, support]`);
}

function readPattern(value: Value | undefined, key: string): RegExp {
  const text = value?.type.case === "stringValue" ? value.type.value : undefined;
  try {
    if (text) return new RegExp(text, "u");
  } catch {}
  throw new ReviewOptionError(`option ${key}: expected a regular expression, such as ^[a-z]+$`);
}

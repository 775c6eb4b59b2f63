import { type DescFile, type DescMethod, type DescService, isFieldSet } from "@bufbuild/protobuf";
import { type AccessField, type AccessFields, type Declaration, readDeclaration } from "../declaration/declaration.js";
import { AuthRequirementsSchema } from "../gen/connectum/auth/v1/options_pb.js";

/** The tables of a run, by proto file. */
export type Tables = ReadonlyMap<DescFile, readonly ServiceTable[]>;

/** The access of one service. */
export interface ServiceTable {
  readonly service: DescService;
  readonly declaration: Declaration;
  /** A row for every method, in declaration order. */
  readonly rows: readonly Row[];
}

/** The access of one method: one word, and the requirements. */
export interface Row {
  readonly method: DescMethod;
  readonly declaration: Declaration;
  readonly access: "public" | "internal" | "requires" | "allow" | "deny" | "unspecified";
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly permissions: readonly string[];
  readonly anyPermissions: readonly string[];
  readonly acr: readonly string[];
  readonly maxAgeSeconds: number | undefined;
  /** Names of authentication schemes. Empty: all. */
  readonly credentials: readonly string[];
  /** The declarations whose conditions must be true: the service's, the method's, or both. */
  readonly conditions: readonly Declaration[];
  /** The declaration whose `resource` applies. */
  readonly resource: Declaration | undefined;
  /** The rule that decided the access. Undefined for an unspecified method. */
  readonly decidedBy: FoldRule | undefined;
}

/** A field that can decide an access. */
export type DecidingField = Exclude<AccessField, "condition" | "resource" | "credentials">;

/** Turns merged fields into an access. */
interface FoldRule {
  readonly access: Row["access"];
  readonly by: DecidingField;
  readonly when: (all: AccessFields) => boolean;
  /** The fields that have no effect if the rule applies. */
  readonly overrides: readonly AccessField[];
}

/** The rules that reduce merged fields to one access. The first that applies decides. */
const fold: readonly FoldRule[] = [
  {
    access: "public",
    by: "public",
    when: (all) => all.public === true,
    overrides: ["internal", "requires", "policy", "condition", "resource", "credentials"],
  },
  { access: "internal", by: "internal", when: (all) => all.internal === true, overrides: ["policy"] },
  { access: "requires", by: "requires", when: (all) => all.requires !== undefined, overrides: ["policy"] },
  { access: "allow", by: "policy", when: (all) => all.policy === "allow", overrides: [] },
  {
    access: "deny",
    by: "policy",
    when: (all) => all.policy === "deny",
    overrides: ["condition", "resource", "credentials"],
  },
];

const none: readonly Declaration[] = [];
const ageField = AuthRequirementsSchema.field.maxAgeSeconds;

/**
 * Returns the tables of a file's services, in declaration order. Merges the option of each method with its service's.
 *
 * @param foreignNumbers - the extension numbers of other extensions. Their options count as absent.
 *
 * @example
 * // service OrderService { option (…service_auth) = {public: true}; rpc GetOrder(…) returns (…); }
 * const [{ service, rows }] = tablesOf(file, new Set());
 * service.typeName; // "shop.v1.OrderService"
 * rows[0]; // { access: "public", roles: [], scopes: [], permissions: [], … }
 */
export function tablesOf(file: DescFile, foreignNumbers: ReadonlySet<number>): ServiceTable[] {
  return file.services.map((service, index) => {
    const inherited = readDeclaration(service, [6, index], foreignNumbers);
    const rows = service.methods.map((method, methodIndex): Row => {
      const declaration = readDeclaration(method, [6, index, 2, methodIndex], foreignNumbers);
      return { method, declaration, ...merge(declaration, inherited) };
    });
    return { service, declaration: inherited, rows };
  });
}

/**
 * Takes each field from the method, or from the service if the method does not set it. Reduces them to one access.
 * Conditions add up.
 */
function merge(method: Declaration, service: Declaration): Omit<Row, "method" | "declaration"> {
  const all: AccessFields = {
    public: method.public ?? service.public,
    internal: method.internal ?? service.internal,
    requires: method.requires ?? service.requires,
    policy: method.policy ?? service.policy,
    condition: undefined,
    resource: undefined,
    credentials: method.credentials ?? service.credentials,
  };
  const decidedBy = fold.find(({ when }) => when(all));
  const access = decidedBy?.access ?? "unspecified";
  const isBound = [method, service].some(({ condition, resource }) => (condition ?? resource) !== undefined);
  const isConditional = isBound && access !== "public" && access !== "deny";
  const sources = isConditional ? [...(method.exempt === true ? [] : [service]), method] : none;
  const required = access === "requires" || access === "internal" ? all.requires : undefined;
  const { roles = [], scopes = [], permissions = [], anyPermissions = [], acr = [] } = required ?? {};
  const maxAgeSeconds = required && isFieldSet(required, ageField) ? required.maxAgeSeconds : undefined;
  const credentials = access === "public" || access === "deny" ? [] : (all.credentials ?? []);
  const conditions = isConditional ? sources.filter(({ condition }) => condition !== undefined) : none;
  const resource = isConditional ? sources.filter((source) => source.resource !== undefined).at(-1) : undefined;
  return {
    ...{ access, roles, scopes, permissions, anyPermissions, acr, maxAgeSeconds, credentials },
    ...{ decidedBy, conditions, resource },
  };
}

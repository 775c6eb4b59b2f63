import type { DescFile, DescMethod, DescService } from "@bufbuild/protobuf";
import { type AccessField, type AccessFields, type Declaration, readDeclaration } from "../declaration/declaration.js";

/** The tables of a run, by proto file. */
export type Tables = ReadonlyMap<DescFile, readonly ServiceTable[]>;

/** The access of one service. */
export interface ServiceTable {
  readonly service: DescService;
  readonly declaration: Declaration;
  /** A row for every method, in declaration order. */
  readonly rows: readonly Row[];
}

/** The access of one method: one word, and the required roles and scopes. */
export interface Row {
  readonly method: DescMethod;
  readonly declaration: Declaration;
  readonly access: "public" | "internal" | "requires" | "allow" | "deny" | "unspecified";
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  /** The rule that decided the access. Undefined for an unspecified method. */
  readonly decidedBy: FoldRule | undefined;
}

/** Turns merged fields into an access. */
interface FoldRule {
  readonly access: Row["access"];
  readonly by: AccessField;
  readonly when: (all: AccessFields) => boolean;
  /** The fields that have no effect if the rule applies. */
  readonly overrides: readonly AccessField[];
}

/** The rules that reduce merged fields to one access. The first that applies decides. */
const fold: readonly FoldRule[] = [
  { access: "public", by: "public", when: (all) => all.public === true, overrides: ["internal", "requires", "policy"] },
  { access: "internal", by: "internal", when: (all) => all.internal === true, overrides: ["policy"] },
  { access: "requires", by: "requires", when: (all) => all.requires !== undefined, overrides: ["policy"] },
  { access: "allow", by: "policy", when: (all) => all.policy === "allow", overrides: [] },
  { access: "deny", by: "policy", when: (all) => all.policy === "deny", overrides: [] },
];

/**
 * Returns the tables of a file's services, in declaration order. Merges the option of each method with its service's.
 *
 * @param foreignNumbers - the extension numbers of other extensions. Their options count as absent.
 *
 * @example
 * // service OrderService { option (…service_auth) = {public: true}; rpc GetOrder(…) returns (…); }
 * const [{ service, rows }] = tablesOf(file, new Set());
 * service.typeName; // "shop.v1.OrderService"
 * rows[0]; // { access: "public", roles: [], scopes: [], … }
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

/** Takes each field from the method, or from the service if the method does not set it. Reduces them to one access. */
function merge(method: AccessFields, service: AccessFields): Pick<Row, "access" | "roles" | "scopes" | "decidedBy"> {
  const all: AccessFields = {
    public: method.public ?? service.public,
    internal: method.internal ?? service.internal,
    requires: method.requires ?? service.requires,
    policy: method.policy ?? service.policy,
  };
  const decidedBy = fold.find(({ when }) => when(all));
  const access = decidedBy?.access ?? "unspecified";
  const { roles = [], scopes = [] } = access === "requires" || access === "internal" ? (all.requires ?? {}) : {};
  return { access, roles, scopes, decidedBy };
}

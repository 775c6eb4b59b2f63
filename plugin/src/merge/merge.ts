import type { DescFile, DescMethod, DescService } from "@bufbuild/protobuf";
import { type Access, type AccessField, type Declaration, declare } from "../declaration/declaration.js";

/** The tables of a run, by the file that they are generated from. */
export type Tables = ReadonlyMap<DescFile, readonly ServiceTable[]>;

/** The access of one service. */
export interface ServiceTable {
  readonly service: DescService;
  readonly declaration: Declaration;
  /** A row for every method, in declaration order. */
  readonly rows: readonly Row[];
}

/** The access of one method, as one word and the roles and scopes that it demands. */
export interface Row {
  readonly method: DescMethod;
  readonly declaration: Declaration;
  readonly access: "public" | "internal" | "requires" | "allow" | "deny" | "unspecified";
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  /** The rule of the fold that applied. Undefined for an unspecified method. */
  readonly decidedBy: FoldRule | undefined;
}

interface FoldRule {
  readonly access: Row["access"];
  readonly by: AccessField;
  readonly when: (all: Access) => boolean;
  /** Fields that no longer count once the rule applied. */
  readonly silences: readonly AccessField[];
}

/** The fold: merged fields become exactly one access, by the first rule that applies. */
const fold: readonly FoldRule[] = [
  { access: "public", by: "public", when: (all) => all.public === true, silences: ["internal", "requires", "policy"] },
  { access: "internal", by: "internal", when: (all) => all.internal === true, silences: ["policy"] },
  { access: "requires", by: "requires", when: (all) => all.requires !== undefined, silences: ["policy"] },
  { access: "allow", by: "policy", when: (all) => all.policy === "allow", silences: [] },
  { access: "deny", by: "policy", when: (all) => all.policy === "deny", silences: [] },
];

/** Reads, merges and folds the options of a file. Numbers that are taken belong to another extension. */
export function tablesOf(file: DescFile, taken: ReadonlySet<number>): ServiceTable[] {
  return file.services.map((service, index) => {
    const inherited = declare(service, [6, index], taken);
    const rows = service.methods.map((method, methodIndex): Row => {
      const declaration = declare(method, [6, index, 2, methodIndex], taken);
      return { method, declaration, ...merge(declaration, inherited) };
    });
    return { service, declaration: inherited, rows };
  });
}

/** Lays a method's option over its service's, field by field, and folds the result. */
function merge(method: Access, service: Access): Pick<Row, "access" | "roles" | "scopes" | "decidedBy"> {
  const all: Access = {
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

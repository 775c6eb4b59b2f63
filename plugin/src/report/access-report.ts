import type { DescMethod } from "@bufbuild/protobuf";
import { describeAccess, originOf, originsOf } from "../merge/describe-access.js";
import type { Row, ServiceTable, Tables } from "../merge/merge.js";
import { readComments } from "../request/source-info.js";

/** Who may call which methods, as plain data. Its JSON has the schema `access-report.schema.json`. */
export interface AccessReport {
  readonly version: 1;
  readonly totals: ReportTotals;
  /** Sorted by name. */
  readonly services: readonly ReportService[];
  /** The names that rules mention, sorted. */
  readonly roles: readonly ReportName[];
  readonly scopes: readonly ReportName[];
  readonly permissions: readonly ReportName[];
  readonly acr: readonly ReportName[];
  readonly credentials: readonly ReportName[];
}

export interface ReportTotals extends Readonly<Record<Row["access"], number>> {
  readonly services: number;
  readonly methods: number;
  readonly withCondition: number;
  readonly withResource: number;
  readonly deprecated: number;
}

export interface ReportService {
  /** Fully qualified. */
  readonly name: string;
  readonly file: string;
  readonly description: string;
  readonly deprecated: boolean;
  /** In declaration order. */
  readonly methods: readonly ReportMethod[];
}

export interface ReportMethod
  extends Pick<Row, "access" | "roles" | "scopes" | "permissions" | "anyPermissions" | "acr" | "credentials"> {
  readonly name: string;
  readonly kind: DescMethod["methodKind"];
  readonly description: string;
  readonly deprecated: boolean;
  /** The callers in words. */
  readonly callers: string;
  /** The fields that decided the access, such as `method_auth.requires`. Empty for an unspecified method. */
  readonly decidedBy: readonly string[];
  /** They must all be true. */
  readonly conditions: readonly ReportBound[];
  readonly resource: ReportBound | null;
  /** Longest time since the authentication, in seconds. */
  readonly maxAgeSeconds: number | null;
  /** Whether the condition and the resource of the service do not apply. */
  readonly exempt: boolean;
}

/** A condition or the path of a resource, and the field that gives it. */
export interface ReportBound {
  readonly text: string;
  readonly from: string;
}

/** A role, scope, permission, way of authentication or kind of credential, with the methods that mention it, as `pkg.v1.Service/Method`. */
export interface ReportName {
  readonly name: string;
  readonly methods: readonly string[];
}

/**
 * Returns the access report of a run. The same schema gives the same report: it has no positions and no versions.
 *
 * @example
 * createReport(tables).services[0].methods[0];
 * // { name: "GetOrder", kind: "unary", access: "requires", roles: ["customer"], callers: "Requires role customer", … }
 */
export function createReport(files: Tables): AccessReport {
  const services = [...files.values()].flat().map(reportService);
  services.sort((a, b) => (a.name < b.name ? -1 : 1));
  const methods = services.flatMap((service) => service.methods.map((method) => ({ service: service.name, method })));
  const namesOf = (listOf: (method: ReportMethod) => readonly string[]): ReportName[] => {
    const found = new Map<string, string[]>();
    for (const { service, method } of methods) {
      for (const name of new Set(listOf(method))) {
        const users = found.get(name) ?? [];
        users.push(`${service}/${method.name}`);
        found.set(name, users);
      }
    }
    return [...found].map(([name, list]) => ({ name, methods: list })).sort((a, b) => (a.name < b.name ? -1 : 1));
  };
  const count = (isCounted: (method: ReportMethod) => boolean) => methods.filter((one) => isCounted(one.method)).length;
  const withAccess = (access: Row["access"]) => count((method) => method.access === access);
  return {
    version: 1,
    totals: {
      services: services.length,
      methods: methods.length,
      public: withAccess("public"),
      internal: withAccess("internal"),
      requires: withAccess("requires"),
      allow: withAccess("allow"),
      deny: withAccess("deny"),
      unspecified: withAccess("unspecified"),
      withCondition: count(({ conditions }) => conditions.length > 0),
      withResource: count(({ resource }) => resource !== null),
      deprecated: count(({ deprecated }) => deprecated),
    },
    services,
    roles: namesOf(({ roles }) => roles),
    scopes: namesOf(({ scopes }) => scopes),
    permissions: namesOf(({ permissions, anyPermissions }) => [...permissions, ...anyPermissions]),
    acr: namesOf(({ acr }) => acr),
    credentials: namesOf(({ credentials }) => credentials),
  };
}

function reportService({ service, declaration, rows }: ServiceTable): ReportService {
  const commentsAt = readComments(service.file);
  const isDeprecated = service.deprecated || service.file.deprecated;
  return {
    name: service.typeName,
    file: service.file.proto.name,
    // buf keeps no comments of options.
    description: commentsAt(declaration.path.slice(0, -2)),
    deprecated: isDeprecated,
    methods: rows.map((row) => reportMethod(row, commentsAt(row.declaration.path.slice(0, -2)), isDeprecated)),
  };
}

function reportMethod(row: Row, description: string, isDeprecated: boolean): ReportMethod {
  const { method, declaration, access, conditions, resource } = row;
  // With `strict=false`, a name may be repeated.
  const names = {
    roles: [...new Set(row.roles)],
    scopes: [...new Set(row.scopes)],
    permissions: [...new Set(row.permissions)],
    anyPermissions: [...new Set(row.anyPermissions)],
    acr: [...new Set(row.acr)],
    credentials: [...new Set(row.credentials)],
  };
  return {
    name: method.name,
    kind: method.methodKind,
    description,
    deprecated: isDeprecated || method.deprecated,
    access,
    callers: describeAccess({ ...row, ...names }),
    decidedBy: originsOf(row),
    ...names,
    maxAgeSeconds: row.maxAgeSeconds ?? null,
    conditions: conditions.map(({ condition = "", option, fields }) => ({
      text: condition,
      from: `${option.name}.${fields.condition.name}`,
    })),
    resource: resource?.resource === undefined ? null : { text: resource.resource, from: originOf(row, "resource") },
    exempt: declaration.exempt === true,
  };
}

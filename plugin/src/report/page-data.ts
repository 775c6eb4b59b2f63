import type { AccessReport, ReportMethod } from "./access-report.js";

/** A service, as the script of the HTML report reads it. The texts are in the static rows. */
export interface PageServiceData {
  readonly name: string;
  /** In the order of the rows. */
  readonly methods: readonly PageMethodData[];
}

export interface PageMethodData
  extends Pick<
    ReportMethod,
    | ("name" | "access" | "deprecated" | "roles" | "scopes" | "permissions" | "anyPermissions")
    | ("acr" | "maxAgeSeconds" | "credentials")
  > {
  readonly conditions: readonly string[];
  readonly resource: string | null;
}

/** Returns the data of the script. */
export function createPageData({ services }: AccessReport): PageServiceData[] {
  return services.map(({ name, methods }) => ({ name, methods: methods.map(methodData) }));
}

function methodData(method: ReportMethod): PageMethodData {
  const { name, access, deprecated, roles, scopes, permissions, anyPermissions, conditions, resource } = method;
  const { acr, maxAgeSeconds, credentials } = method;
  return {
    ...{ name, access, deprecated, roles, scopes, permissions, anyPermissions, acr, maxAgeSeconds, credentials },
    conditions: conditions.map(({ text }) => text),
    resource: resource === null ? null : `request.${resource.text}`,
  };
}

import type { ReportMethod } from "./access-report.js";

/**
 * Returns the fields that decide who may call a method: those of its access, its resource and its conditions.
 *
 * @example
 * decidingFields(method); // ["method_auth.requires", "service_auth.condition"]
 */
export function decidingFields({ decidedBy, resource, conditions }: ReportMethod): string[] {
  const bounds = [...(resource === null ? [] : [resource]), ...conditions];
  return [...new Set([...decidedBy, ...bounds.map(({ from }) => from)])];
}

/** Says that the condition and the resource of the service do not apply. */
export const exemption = "exempt from the service’s condition and resource";

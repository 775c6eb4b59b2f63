import { invalid } from "../options/invalid.js";
import type { GeneratorOptions } from "../options/options.js";

/** Throws an `Error` for options that have no effect, or that need another one. */
export function checkOutputs(options: GeneratorOptions): void {
  const { tables, registry, catalogue, reports, openapiOverlay, openapiSecurityScheme } = options;
  if (openapiOverlay === undefined && openapiSecurityScheme !== undefined) {
    const reason = "it has no effect without openapi_overlay. Add openapi_overlay=auth.overlay.yaml";
    throw invalid("openapi_security_scheme", openapiSecurityScheme, reason);
  }
  if (tables) return;
  if (registry !== undefined) {
    throw invalid(
      "tables",
      "false",
      `registry=${registry} needs the tables: its types refer to them. Delete one of both`,
    );
  }
  if (reports.length === 0 && catalogue === undefined && openapiOverlay === undefined) {
    throw invalid("tables", "false", "this run would write no file. Add report=access.html, or delete tables=false");
  }
}

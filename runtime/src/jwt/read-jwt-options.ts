import { readOptions } from "../options/option-names.js";
import type { JwtIssuerOptions } from "./jwt-options.js";

const optionNames: Readonly<Record<keyof JwtIssuerOptions, true>> = {
  jwksUri: true,
  publicKey: true,
  secret: true,
  issuer: true,
  audience: true,
  algorithms: true,
  typ: true,
  requiredClaims: true,
  maxTokenAge: true,
  clockTolerance: true,
  allowMissingExpiration: true,
  allowBoundTokens: true,
  claimsMapping: true,
  allowInsecureHttp: true,
  jwks: true,
};

/**
 * An option that is set but empty is an unset environment variable, not a check to leave out.
 *
 * @throws TypeError naming the option.
 */
export function readJwtOptions(given: JwtIssuerOptions, owner: string): JwtIssuerOptions {
  const options = readOptions(given, optionNames, owner);
  for (const name of ["issuer", "audience", "algorithms", "requiredClaims"] as const) {
    if (!(name in options)) continue;
    const value: unknown = options[name];
    const isText = typeof value === "string" && value !== "" && (name === "issuer" || name === "audience");
    const isList =
      Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "string" && item !== "");
    if (!isText && !isList) throw new TypeError(`${name}: set but empty or malformed: ${JSON.stringify(value)}`);
  }
  for (const name of ["jwksUri", "publicKey", "secret", "typ"] as const) {
    const value = options[name];
    if (name in options && (value === undefined || value === null || value === "")) {
      throw new TypeError(`${name}: set but empty; is an environment variable missing?`);
    }
  }
  for (const name of ["allowMissingExpiration", "allowBoundTokens", "allowInsecureHttp"] as const) {
    if (name in options && typeof options[name] !== "boolean") {
      throw new TypeError(`${name}: expected true or false, got ${JSON.stringify(options[name])}`);
    }
  }
  const { maxTokenAge, clockTolerance } = options;
  if ("maxTokenAge" in options && !(Number.isFinite(maxTokenAge) && (maxTokenAge as number) > 0)) {
    throw new TypeError(`maxTokenAge: expected seconds above 0, got ${maxTokenAge}`);
  }
  if ("clockTolerance" in options && !(Number.isFinite(clockTolerance) && (clockTolerance as number) >= 0)) {
    throw new TypeError(`clockTolerance: expected seconds, at least 0, got ${clockTolerance}`);
  }
  if (options.audience === undefined) {
    console.warn(
      "[@connectum/auth] JWT: no audience is configured, so a token that was issued for another API is accepted here. Set audience.",
    );
  }
  return options;
}

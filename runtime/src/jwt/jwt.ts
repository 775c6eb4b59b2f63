import { type JWTPayload, type JWTVerifyOptions, jwtVerify } from "jose";
import { InvalidCredentialError } from "../authentication/authentication-error.js";
import { readBearerToken } from "../authentication/bearer-token.js";
import type { AuthScheme, Verified } from "../authentication/scheme.js";
import { compileClaimsMapping } from "./claims-mapping.js";
import type { JwtOptions } from "./jwt-options.js";
import { createKeySource } from "./key-source.js";
import { checkStrictForm } from "./strict-form.js";

/** The end of the year 9999, in seconds since the epoch. What lies beyond is a mistake, such as milliseconds for seconds. */
const maxExpiration = 253_402_300_799;

/**
 * Callers present a JSON Web Token as a Bearer token (RFC 7519, RFC 6750, verified by the rules of RFC 8725).
 *
 * @throws TypeError for a misconfiguration.
 */
export function jwt(options: JwtOptions): AuthScheme {
  checkOptions(options);
  const keys = createKeySource(options);
  const toIdentity = compileClaimsMapping(options.claimsMapping);
  const { clockTolerance = 0, maxTokenAge } = options;
  const verifyOptions: JWTVerifyOptions = {
    algorithms: [...keys.algorithms],
    requiredClaims: [...(options.allowMissingExpiration ? [] : ["exp"]), ...(options.requiredClaims ?? [])],
    clockTolerance,
    ...(options.issuer !== undefined && { issuer: mutable(options.issuer) }),
    ...(options.audience !== undefined && { audience: mutable(options.audience) }),
    ...(options.typ !== undefined && { typ: options.typ }),
    ...(maxTokenAge !== undefined && { maxTokenAge }),
  };

  async function verify(token: string): Promise<Verified> {
    let generation = 0;
    const { payload } = await jwtVerify(
      token,
      async (header) => {
        const key = await keys.getKey(header);
        generation = keys.generation;
        return key;
      },
      verifyOptions,
    );
    checkStrictForm(token);
    return {
      identity: { ...toIdentity(payload), expiresAt: expiryOf(payload) },
      isCurrent: () => keys.generation === generation,
    };
  }

  function expiryOf({ exp, iat }: JWTPayload): Date | undefined {
    if (exp !== undefined && exp > maxExpiration) throw new InvalidCredentialError("exp is beyond the year 9999");
    const ends = [
      ...(exp !== undefined ? [exp] : []),
      ...(maxTokenAge !== undefined && iat !== undefined ? [iat + maxTokenAge] : []),
    ];
    return ends.length === 0 ? undefined : new Date((Math.min(...ends) + clockTolerance) * 1000);
  }

  return {
    name: "jwt",
    challenge: "Bearer",
    trustedHeaders: [],
    cache: options.cache ?? {},
    read({ header }) {
      const token = readBearerToken(header);
      return token === undefined ? undefined : { key: token, verify: () => verify(token) };
    },
  };
}

function mutable(value: string | readonly string[]): string | string[] {
  return typeof value === "string" ? value : [...value];
}

/** An option that is set but empty is an unset environment variable, not a check to leave out. */
function checkOptions(options: JwtOptions): void {
  if (typeof options !== "object" || options === null) throw new TypeError("JWT options: expected an object");
  for (const name of ["issuer", "audience", "algorithms", "requiredClaims"] as const) {
    if (!(name in options)) continue;
    const value: unknown = options[name];
    const isText = typeof value === "string" && value !== "" && (name === "issuer" || name === "audience");
    const isList =
      Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "string" && item !== "");
    if (!isText && !isList) throw new TypeError(`${name}: set but empty or malformed: ${JSON.stringify(value)}`);
  }
  for (const name of ["jwksUri", "publicKey", "secret", "typ"] as const) {
    if (name in options && (options[name] === undefined || options[name] === "")) {
      throw new TypeError(`${name}: set but empty; is an environment variable missing?`);
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
}

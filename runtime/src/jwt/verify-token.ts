import {
  base64url,
  type CryptoKey,
  decodeProtectedHeader,
  errors,
  type JWTHeaderParameters,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  type JWTVerifyResult,
  jwtVerify,
  UnsecuredJWT,
} from "jose";
import { nativeChecks } from "../keys/native-checks.js";
import { builtIn } from "../platform/built-in.js";
import { withoutStackTrace } from "../platform/without-stack-trace.js";
import { isCanonicalToken } from "./canonical-form.js";

type Key = CryptoKey | Uint8Array;

/**
 * Verifies the signature and the registered claims of a token, and returns the key that verified it. Same verdict and same
 * errors as `jwtVerify`, in less time: `node:crypto` checks the signature where it can.
 *
 * @param getKey - the key, or finds it as `jwtVerify` would. It may be called twice.
 */
export async function verifyToken(
  token: string,
  getKey: Key | JWTVerifyGetKey<Key>,
  options: JWTVerifyOptions,
): Promise<JWTVerifyResult & { readonly key?: Key }> {
  const header = readPlainHeader(token, options);
  // Only jose judges unusual tokens.
  if (header === undefined) return jwtVerify(token, getKey, options);
  const [first = "", payload = "", signature = ""] = token.split(".");
  const key = typeof getKey === "function" ? ((await getKey(header, { payload, signature })) as Key) : getKey;
  const check = nativeChecks(key).get(header.alg);
  const { from } = builtIn("node:buffer").Buffer;
  const isValid = check?.(from(`${first}.${payload}`, "latin1"), from(signature, "base64url"));
  if (isValid === undefined) return { ...(await jwtVerify(token, key, options)), key };
  if (!isValid) throw withoutStackTrace(() => new errors.JWSSignatureVerificationFailed());
  return { ...readClaims(header, payload, options), protectedHeader: header, key };
}

/**
 * Returns the header of a token that jose would look for a key of: an accepted algorithm, no extension, canonical base64url.
 * Otherwise undefined.
 */
function readPlainHeader(token: string, { algorithms }: JWTVerifyOptions): JWTHeaderParameters | undefined {
  if (!isCanonicalToken(token)) return undefined;
  try {
    const header = decodeProtectedHeader(token) as JWTHeaderParameters;
    const isPlain = Object.hasOwn(header, "alg") && !("crit" in header) && !("b64" in header);
    return isPlain && algorithms?.includes(header.alg) ? header : undefined;
  } catch {
    return undefined;
  }
}

/** The claims are checked by jose: it reads them from a token without signature, but with the same `typ`. */
function readClaims(
  { typ }: JWTHeaderParameters,
  payload: string,
  options: JWTVerifyOptions,
): Pick<JWTVerifyResult, "payload"> {
  const header = JSON.stringify({ alg: "none", ...(options.typ !== undefined && { typ }) });
  return UnsecuredJWT.decode(`${base64url.encode(header)}.${payload}.`, options);
}

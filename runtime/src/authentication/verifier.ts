import { Code } from "@connectrpc/connect";
import { type AuthContextInit, createAuthContext } from "../context/auth-context.js";
import { markScheme } from "../context/identity-scheme.js";
import { markInternal } from "../context/internal-identity.js";
import { failedVerification } from "../errors/failed-verification.js";
import { type AuthScheme, isInternalScheme } from "../schemes/scheme.js";
import { CredentialCache } from "./credential-cache.js";
import type { Limiter } from "./limits.js";
import { createOutageLog } from "./outage-log.js";

/** A scheme with its cache, its limits and its log. */
export interface Verifier {
  readonly scheme: AuthScheme;
  readonly cache: CredentialCache;
  readonly limiter: Limiter;
  readonly challenges: readonly string[];
  readonly logOutage: (cause: unknown) => void;
}

/** @throws TypeError for a malformed option of the scheme's `cache`. */
export function createVerifier(scheme: AuthScheme, limiter: Limiter): Verifier {
  const isInternal = isInternalScheme(scheme);
  const admit = (identity: AuthContextInit) => {
    const context = createAuthContext(identity, scheme.name);
    limiter.checkIdentity(context);
    markScheme(context, scheme.name);
    return isInternal ? markInternal(context) : context;
  };
  return {
    scheme,
    cache: new CredentialCache(scheme, admit, limiter),
    limiter,
    challenges: scheme.challenge === undefined ? [] : [scheme.challenge].flat(),
    logOutage: createOutageLog(scheme.name),
  };
}

/** Returns a function that throws the error of a failed verification, and logs outages. */
export function refuse({ challenges, logOutage }: Verifier): (cause: unknown) => never {
  return (cause) => {
    const error = failedVerification(cause, challenges);
    if (error.code === Code.Unavailable) logOutage(cause);
    throw error;
  };
}

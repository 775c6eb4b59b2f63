import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, type ContextKey, createContextKey } from "@connectrpc/connect";
import { type CallState, type Standing, stateOf } from "../call/call-state.js";
import type { CredentialSource } from "../call/credential-source.js";
import { checkStanding } from "../call/standing.js";
import { type AuthContext, authContextKey } from "../context/auth-context.js";
import { stripIdentityHeaders } from "../context/auth-headers.js";
import { withParameters } from "../errors/challenge.js";
import { failedVerification } from "../errors/failed-verification.js";
import { missingCredentials } from "../errors/unauthenticated.js";
import { compileMethodPatterns } from "../options/method-pattern.js";
import { isPromiseLike } from "../platform/is-promise-like.js";
import { memberOf } from "../platform/member-of.js";
import type { AuthScheme, Credential } from "../schemes/scheme.js";
import type { PipelineOptions } from "./authentication-options.js";
import type { Entry } from "./credential-cache.js";
import { CredentialStanding } from "./credential-standing.js";
import { Limiter } from "./limits.js";
import { compilePropagation } from "./propagation.js";
import { createVerifier, refuse, type Verifier } from "./verifier.js";

/** The schemes of an authenticator, and their choice by method. */
export interface SchemeSelection {
  readonly all: readonly AuthScheme[];
  /**
   * Returns the schemes of a method, in order. The first that finds its credential decides. An empty list skips the method.
   *
   * @param optional - true if `optionalMethods` names the method.
   */
  for(service: string, method: string, optional: boolean): readonly AuthScheme[];
  /** Returns the parameters of the Bearer challenges for a method. By default, none. */
  challengeParameters?(service: string, method: string): string;
}

/** The parts of a call that the pipeline needs. An interceptor and a gate both have them. */
export interface AuthCall extends CredentialSource {
  readonly signal: AbortSignal;
}

/**
 * The authentication pipeline: finds, strips, verifies, publishes and propagates, once for each call. It writes the identity
 * into the call's context values.
 *
 * @throws ConnectError, at once or later: `unauthenticated`, or `unavailable` during an outage.
 */
export type Authenticate = (call: AuthCall) => AuthContext | undefined | Promise<AuthContext | undefined>;

/** The schemes and challenges of a method, compiled at its first call. */
interface Plan {
  readonly verifiers: readonly Verifier[];
  readonly optional: boolean;
  readonly challenges: readonly string[];
}

interface Found {
  readonly credential: Credential;
  readonly presented: string | undefined;
  readonly verifier: Verifier;
  /** Whether the proof of possession of this call was looked at. */
  proven: boolean;
}

/** The pipeline's result for a call. */
interface Authenticated {
  readonly call: AuthCall;
  readonly context: AuthContext | undefined;
  /** Undefined for a caller without credential. */
  readonly verified: Verified | undefined;
}

/** A valid credential, with everything to verify it again. */
interface Verified {
  readonly found: Found;
  readonly entry: Entry;
  /** The credential that an earlier interceptor verified. */
  readonly before: Standing | undefined;
}

/** @throws TypeError for a malformed option. */
export function createAuthenticator(selection: SchemeSelection, options: PipelineOptions): Authenticate {
  const isSkipped = compileMethodPatterns(options.skipMethods, "skipMethods");
  const isOptional = compileMethodPatterns(options.optionalMethods, "optionalMethods");
  const propagate = compilePropagation(options);
  const { revocations, streams } = options;
  revocations?.serve?.(selection.all);
  const verifiers = new Map(
    selection.all.map((scheme) => [scheme, createVerifier(scheme, new Limiter(options.limits))]),
  );
  const trustedHeaders = [...new Set(selection.all.flatMap((scheme) => scheme.trustedHeaders))];
  const plans = new WeakMap<DescMethod, Plan>();
  // The result of this authenticator for a call: the interceptor after the gate reuses it.
  const doneKey: ContextKey<Authenticated | undefined> = createContextKey<Authenticated | undefined>(undefined);

  function planOf(method: DescMethod): Plan {
    let plan = plans.get(method);
    if (plan === undefined) {
      const { typeName } = method.parent;
      const optional = isOptional(typeName, method.name);
      const skipped = isSkipped(typeName, method.name) && !optional;
      const schemes = skipped ? [] : selection.for(typeName, method.name, optional);
      const parameters = selection.challengeParameters?.(typeName, method.name);
      const tried = schemes.map((scheme): Verifier => {
        const verifier = verifiers.get(scheme) as Verifier;
        if (parameters === undefined) return verifier;
        return { ...verifier, challenges: verifier.challenges.map((one) => withParameters(one, parameters)) };
      });
      plan = { verifiers: tried, optional, challenges: [...new Set(tried.flatMap(({ challenges }) => challenges))] };
      plans.set(method, plan);
    }
    return plan;
  }

  /** Reads the credential, then strips trusted headers. Schemes read headers that are stripped. */
  function takeCredential(plan: Plan, call: AuthCall, state: CallState): Found | undefined {
    try {
      for (const verifier of plan.verifiers) {
        const credential = verifier.scheme.read(call);
        if (credential === undefined) continue;
        const presented = memberOf(credential, "presented") ?? credential.key;
        verifier.limiter.checkCredential(presented);
        return { credential, presented, verifier, proven: false };
      }
      return undefined;
    } catch (cause) {
      throw failedVerification(cause, plan.challenges);
    } finally {
      if (state.stripped !== call.header) stripIdentityHeaders(call.header);
      for (const name of trustedHeaders) call.header.delete(name);
      state.stripped = call.header;
    }
  }

  function publish(
    call: AuthCall,
    state: CallState,
    context: AuthContext | undefined,
    challenges: readonly string[],
    verified?: Verified,
  ) {
    const { header, values } = call;
    if (context !== undefined) {
      if (propagate !== undefined) {
        try {
          propagate(context, header);
        } catch (cause) {
          throw new ConnectError("Identity cannot be propagated", Code.Internal, undefined, undefined, cause);
        }
      }
      values.set(authContextKey, context);
    }
    state.challenges = challenges;
    values.set(doneKey, { call, context, verified });
    return context;
  }

  function welcome(call: AuthCall, state: CallState, verified: Verified): AuthContext {
    const { found, entry, before } = verified;
    const { challenges } = found.verifier;
    state.standing = new CredentialStanding(entry, found.presented, challenges, revocations, before, streams);
    publish(call, state, entry.context, challenges, verified);
    return entry.context;
  }

  /** Checks revocations, after the cache: a revocation overrides a cached verification. Undefined without a wait. */
  function checkRevoked({ found, entry }: Verified): Promise<void> | undefined {
    try {
      const pending = revocations?.check(found.presented, entry.context);
      if (pending === undefined) return undefined;
      if (!isPromiseLike(pending)) throw new TypeError("revocations.check: expected a promise or undefined");
      return Promise.resolve(pending).catch(refuse(found.verifier));
    } catch (cause) {
      return refuse(found.verifier)(cause);
    }
  }

  /** Verifies the proof of possession that the credential demands. Undefined without a wait. */
  function checkProof({ found, entry }: Verified): Promise<void> | undefined {
    const { credential, verifier } = found;
    // A proof counts once. Later verifications for this call are of the same credential.
    if (found.proven || memberOf(credential, "prove") === undefined) return undefined;
    found.proven = true;
    try {
      const pending = verifier.limiter.runProof(() => credential.prove?.(entry.context));
      return pending === undefined ? undefined : pending.catch(refuse(verifier));
    } catch (cause) {
      return refuse(verifier)(cause);
    }
  }

  function admit(call: AuthCall, state: CallState, verified: Verified): AuthContext | Promise<AuthContext> {
    let pending = checkRevoked(verified);
    // The plain read is for speed: most credentials demand no proof.
    if (verified.found.credential.prove !== undefined) {
      pending = pending === undefined ? checkProof(verified) : pending.then(() => checkProof(verified));
    }
    return pending === undefined ? welcome(call, state, verified) : pending.then(() => welcome(call, state, verified));
  }

  /** @param before - the credential that an earlier interceptor verified. */
  function verify(
    call: AuthCall,
    state: CallState,
    found: Found,
    before: Standing | undefined,
  ): AuthContext | Promise<AuthContext> {
    let entry: Entry | Promise<Entry>;
    try {
      entry = found.verifier.cache.verify(found.credential);
    } catch (cause) {
      return refuse(found.verifier)(cause);
    }
    if (!(entry instanceof Promise)) return admit(call, state, { found, entry, before });
    return entry.then((entry) => admit(call, state, { found, entry, before }), refuse(found.verifier));
  }

  return (call) => {
    const done = call.values.get(doneKey);
    if (done !== undefined) {
      const { context, verified } = sameCall(done, call);
      // A slow body may outlast the verification at the gate.
      if (verified === undefined) return context;
      const { found, entry, before } = verified;
      if (!found.verifier.cache.isLive(entry)) return verify(call, stateOf(call.values), found, before);
      return checkRevoked(verified)?.then(() => context) ?? context;
    }
    const plan = planOf(call.method);
    const state = stateOf(call.values);
    const found = takeCredential(plan, call, state);
    if (found === undefined) {
      if (plan.verifiers.length > 0 && !plan.optional) throw missingCredentials(plan.challenges);
      // An earlier interceptor may have established an identity.
      checkStanding(call.values);
      return publish(call, state, call.values.get(authContextKey), plan.challenges);
    }
    return verify(call, state, found, state.standing);
  };
}

/** Refuses context values that two calls share: one caller would get the identity of the other. */
function sameCall(done: Authenticated, call: AuthCall): Authenticated {
  if (done.call.header === call.header || done.call.signal === call.signal) return done;
  const cause = new Error(
    "one ContextValues for several calls: the server's contextValues hook must create one per call",
  );
  throw new ConnectError("Internal error", Code.Internal, undefined, undefined, cause);
}

import type { DescMethod } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ContextKey,
  type ContextValues,
  createContextKey,
  type Interceptor,
  type StreamRequest,
  type UnaryRequest,
} from "@connectrpc/connect";
import { type AuthContext, authContextKey, createAuthContext } from "../context/auth-context.js";
import { iterateWithAuthContext, runWithAuthContext } from "../context/current.js";
import { vouchFor } from "../context/internal-identity.js";
import { compileMethodPatterns } from "../method-pattern.js";
import { expiredCredentials, failedVerification, missingCredentials } from "./authentication-error.js";
import { CredentialCache } from "./credential-cache.js";
import { CredentialDeadline } from "./credential-deadline.js";
import { stripIdentityHeaders } from "./identity-headers.js";
import type { AuthScheme, Credential } from "./scheme.js";

/** What every authentication interceptor takes. */
export interface AuthenticationOptions {
  /** Patterns of methods that are called without identity: credentials are not looked at. By default, none. */
  readonly skipMethods?: readonly string[];
  /** Patterns of methods that may be called without credentials; a bad credential is refused all the same. By default, none. */
  readonly optionalMethods?: readonly string[];
}

/** The schemes of an authenticator, and which of them count for a method. */
export interface SchemeSelection {
  readonly all: readonly AuthScheme[];
  /** Tried in order; the first that finds its credential decides. None: the method is skipped. */
  for(service: string, method: string): readonly AuthScheme[];
}

/** What the pipeline needs of a call: an interceptor's request, or what a gate is given. */
export interface AuthCall {
  readonly method: DescMethod;
  readonly header: Headers;
  readonly values: ContextValues;
  readonly signal: AbortSignal;
}

/** The authentication pipeline: finds, strips, verifies and publishes, once for a call. */
export interface Authenticator {
  /** Runs the pipeline up to publishing the identity in the call's context values. */
  authenticate(call: AuthCall): AuthContext | undefined | Promise<AuthContext | undefined>;
  readonly interceptor: Interceptor;
}

/** How a method is treated; worked out at its first call. */
interface Plan {
  readonly schemes: readonly SchemeRuntime[];
  readonly optional: boolean;
  readonly challenges: readonly string[];
}

interface SchemeRuntime {
  readonly scheme: AuthScheme;
  readonly cache: CredentialCache;
}

interface Authenticated {
  readonly call: AuthCall;
  readonly context: AuthContext | undefined;
}

export function createAuthenticator(selection: SchemeSelection, options: AuthenticationOptions = {}): Authenticator {
  const skips = compileMethodPatterns(options.skipMethods ?? [], "skipMethods");
  const isOptional = compileMethodPatterns(options.optionalMethods ?? [], "optionalMethods");
  const runtimes = new Map(selection.all.map((scheme) => [scheme, { scheme, cache: createCache(scheme) }]));
  const trustedHeaders = selection.all.flatMap((scheme) => scheme.trustedHeaders);
  const plans = new WeakMap<DescMethod, Plan>();
  // What this authenticator found out about a call, for the interceptor that runs after the gate.
  const doneKey: ContextKey<Authenticated | undefined> = createContextKey<Authenticated | undefined>(undefined);

  function planOf(method: DescMethod): Plan {
    let plan = plans.get(method);
    if (plan === undefined) {
      const service = method.parent.typeName;
      const schemes = skips(service, method.name) ? [] : selection.for(service, method.name);
      plan = {
        schemes: schemes.map((scheme) => runtimes.get(scheme) as SchemeRuntime),
        optional: isOptional(service, method.name),
        challenges: [...new Set(schemes.map((scheme) => scheme.challenge))],
      };
      plans.set(method, plan);
    }
    return plan;
  }

  function authenticate(call: AuthCall): AuthContext | undefined | Promise<AuthContext | undefined> {
    const done = call.values.get(doneKey);
    if (done !== undefined) return sameCall(done, call).context;
    const plan = planOf(call.method);
    let found: { credential: Credential; cache: CredentialCache } | undefined;
    try {
      found = findCredential(plan, call);
    } catch (cause) {
      throw failedVerification(cause, plan.challenges);
    } finally {
      stripIdentityHeaders(call.header, trustedHeaders);
    }
    if (found === undefined) {
      if (plan.schemes.length > 0 && !plan.optional) throw missingCredentials(plan.challenges);
      // An interceptor before this one may have established an identity for this call.
      return publish(call, call.values.get(authContextKey));
    }
    const verified = found.cache.verify(found.credential);
    if (!(verified instanceof Promise)) return publish(call, verified);
    return verified.then(
      (context) => publish(call, context),
      (cause) => {
        throw failedVerification(cause, plan.challenges);
      },
    );
  }

  function publish(call: AuthCall, context: AuthContext | undefined): AuthContext | undefined {
    call.values.set(doneKey, { call, context });
    if (context !== undefined) call.values.set(authContextKey, context);
    return context;
  }

  const interceptor: Interceptor = (next) => async (req) => {
    const pending = authenticate(callOf(req));
    const context = pending instanceof Promise ? await pending : pending;
    if (!req.stream) return runWithAuthContext(context, () => next(req));
    const deadline = deadlineOf(context, planOf(req.method).challenges);
    if (deadline === undefined) {
      const res = await runWithAuthContext(context, () => next(req));
      return res.stream ? { ...res, message: iterateWithAuthContext(context, res.message) } : res;
    }
    try {
      const guarded = { ...req, message: deadline.iterate(req.message) } as StreamRequest;
      const res = await deadline.guard(runWithAuthContext(context, () => next(guarded)));
      if (!res.stream) throw new ConnectError("a stream was answered with a single message", Code.Internal);
      const message = deadline.iterate(iterateWithAuthContext(context, res.message), () => deadline.clear());
      return { ...res, message };
    } catch (error) {
      deadline.clear();
      throw error;
    }
  };

  return { authenticate, interceptor };
}

function createCache(scheme: AuthScheme): CredentialCache {
  return new CredentialCache(scheme.cache, (identity) => {
    const context = createAuthContext(identity, scheme.name);
    return scheme.internal === true ? vouchFor(context) : context;
  });
}

function findCredential(plan: Plan, call: AuthCall): { credential: Credential; cache: CredentialCache } | undefined {
  for (const { scheme, cache } of plan.schemes) {
    const credential = scheme.read(call);
    if (credential !== undefined) return { credential, cache };
  }
  return undefined;
}

function callOf(req: UnaryRequest | StreamRequest): AuthCall {
  return { method: req.method, header: req.header, values: req.contextValues, signal: req.signal };
}

/** Context values that two calls share would hand one caller's identity to the other. */
function sameCall(done: Authenticated, call: AuthCall): Authenticated {
  if (done.call.header !== call.header && done.call.signal !== call.signal) {
    throw new ConnectError(
      "Internal error",
      Code.Internal,
      undefined,
      undefined,
      new Error(
        "one ContextValues object serves several calls: the server's contextValues hook must create one per call",
      ),
    );
  }
  return done;
}

function deadlineOf(context: AuthContext | undefined, challenges: readonly string[]): CredentialDeadline | undefined {
  const expiresAt = context?.expiresAt?.getTime();
  return expiresAt === undefined ? undefined : new CredentialDeadline(expiresAt, () => expiredCredentials(challenges));
}

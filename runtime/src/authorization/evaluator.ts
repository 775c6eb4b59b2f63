import type { DescMethod } from "@bufbuild/protobuf";
import type { ContextValues } from "@connectrpc/connect";
import type { AuthContext } from "../context/auth-context.js";
import { type Caller, type Decision, decide } from "../policy/decide.js";
import { createPolicyIndex, missingRow } from "../policy/policy-index.js";
import type { MethodPolicy, ServicePolicy } from "../policy/service-policy.js";
import { type AuthzRule, type CompiledRule, compileRules } from "./authz-rule.js";
import { createCallerLookup } from "./caller.js";

/** What decides where the schema does not. */
export interface AuthzOptions {
  /** Tried in order; the first that matches the method and the caller decides. By default, none. */
  readonly rules?: readonly AuthzRule[];
  /** Asked where no rule decided: true allows, anything else denies. By default, not asked. */
  readonly authorize?: (context: AuthContext, request: AuthzRequest) => boolean | Promise<boolean>;
  /** What holds where nothing else decided. By default, `deny`. */
  readonly defaultPolicy?: "allow" | "deny";
}

/** The call that a decision is about. */
export interface AuthzRequest {
  /** Fully qualified name of the service. */
  readonly service: string;
  /** Name of the method in the schema. */
  readonly method: string;
  readonly header: Headers;
  readonly values: ContextValues;
}

/** A decision and who made it. */
export interface Verdict {
  readonly decision:
    | Decision
    | { readonly kind: "denied"; readonly reason: "rule" | "authorize" | "default" | "missing-row" };
  /** `table`, `rule <name>`, `authorize` or `defaultPolicy`. */
  readonly decidedBy: string;
  /** What the deciding row or rule asks for. */
  readonly policy: MethodPolicy | undefined;
}

export interface AuthzCall {
  readonly method: DescMethod;
  readonly header: Headers;
  readonly values: ContextValues;
}

/** The one place where calls are decided. */
export interface Evaluator {
  evaluate(call: AuthzCall, context: AuthContext | undefined): Verdict | Promise<Verdict>;
}

/** What is known of a method before anybody calls it; worked out at its first call. */
interface Entry {
  readonly row: MethodPolicy | undefined;
  readonly rules: readonly CompiledRule[];
}

const allowed: Decision = { kind: "allow" };
const unauthenticated: Decision = { kind: "unauthenticated" };

/** @throws TypeError for malformed tables, rules or options. */
export function createEvaluator(policies: Iterable<ServicePolicy>, options: AuthzOptions): Evaluator {
  const { authorize, defaultPolicy = "deny" } = options;
  const index = createPolicyIndex(policies);
  const rules = compileRules(options.rules);
  const callerOf = createCallerLookup();
  if (defaultPolicy !== "allow" && defaultPolicy !== "deny") {
    throw new TypeError(`defaultPolicy: expected "allow" or "deny", got ${JSON.stringify(defaultPolicy)}`);
  }
  if (authorize !== undefined && typeof authorize !== "function") {
    throw new TypeError(`authorize: expected a function, got ${typeof authorize}`);
  }
  const entries = new WeakMap<DescMethod, Entry>();

  function entryOf(method: DescMethod): Entry {
    let entry = entries.get(method);
    if (entry === undefined) {
      const service = method.parent.typeName;
      entry = {
        row: index.lookup(service, method.name),
        rules: rules.filter((rule) => rule.matches(service, method.name)),
      };
      entries.set(method, entry);
    }
    return entry;
  }

  function byRules(matching: readonly CompiledRule[], caller: Caller | undefined): Verdict | undefined {
    for (const { name, effect, requires } of matching) {
      const decidedBy = `rule ${name}`;
      if (requires !== undefined) {
        const { kind } = decide(requires, caller);
        if (kind === "unauthenticated") return { decision: unauthenticated, decidedBy, policy: requires };
        if (kind === "denied") continue;
      }
      const decision = effect === "allow" ? allowed : ({ kind: "denied", reason: "rule" } as const);
      return { decision, decidedBy, policy: requires };
    }
    return undefined;
  }

  async function byAuthorize(call: AuthzCall, context: AuthContext | undefined): Promise<Verdict> {
    const decidedBy = "authorize";
    if (context === undefined) return { decision: unauthenticated, decidedBy, policy: undefined };
    const { method, header, values } = call;
    const answer = await authorize?.(context, {
      service: method.parent.typeName,
      method: method.name,
      header,
      values,
    });
    const decision = answer === true ? allowed : ({ kind: "denied", reason: "authorize" } as const);
    return { decision, decidedBy, policy: undefined };
  }

  return {
    evaluate(call, context) {
      const { row, rules: matching } = entryOf(call.method);
      if (row === missingRow) {
        return { decision: { kind: "denied", reason: "missing-row" }, decidedBy: "table", policy: row };
      }
      const caller = callerOf(context);
      if (row !== undefined && row.access !== "unspecified") {
        return { decision: decide(row, caller), decidedBy: "table", policy: row };
      }
      const verdict = byRules(matching, caller);
      if (verdict !== undefined) return verdict;
      if (authorize !== undefined) return byAuthorize(call, context);
      const decision = defaultPolicy === "allow" ? allowed : ({ kind: "denied", reason: "default" } as const);
      return { decision, decidedBy: "defaultPolicy", policy: undefined };
    },
  };
}

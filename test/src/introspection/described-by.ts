import { type CreateAuthOptions, type DecisionEvent, InvalidCredentialError } from "@connectum/auth";
import { type IntrospectionOptions, introspection } from "@connectum/auth/introspection";
import { audience, clientId, clientSecret, type TokenProvider } from "../servers/token-provider.js";
import { type Instance, startInstance } from "../store/instance.js";

/** The options of a server whose tokens a provider describes. */
export function describedBy(
  provider: TokenProvider,
  options: Partial<IntrospectionOptions> = {},
): IntrospectionOptions {
  return { issuer: provider.issuer, audience, clientId, clientSecret, ...options };
}

/** An instance that introspects, and the reasons of its refusals. */
export function startIntrospecting(
  provider: TokenProvider,
  options: Partial<IntrospectionOptions> = {},
  more: Partial<CreateAuthOptions> = {},
): Instance & { readonly reasons: readonly string[]; readonly errors: readonly unknown[] } {
  const reasons: string[] = [];
  const errors: unknown[] = [];
  const onDecision = ({ error }: DecisionEvent) => {
    const { cause } = Object(error) as { readonly cause?: unknown };
    errors.push(error);
    if (cause instanceof InvalidCredentialError) reasons.push(cause.reason);
  };
  const instance = startInstance({ authenticate: introspection(describedBy(provider, options)), onDecision, ...more });
  return { ...instance, reasons, errors };
}

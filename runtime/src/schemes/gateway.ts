import type { CredentialSource } from "../call/credential-source.js";
import { refuseRepeated } from "../call/raw-headers.js";
import { decodeAuthHeaders, identityHeaders } from "../context/auth-headers.js";
import { InvalidCredentialError } from "../errors/invalid-credential-error.js";
import { compileHeaderMapping, type HeaderMapping } from "../headers/header-mapping.js";
import { anything, text, withDefault } from "../options/check.js";
import { type OptionTable, readOptions } from "../options/read-options.js";
import { compileTrustSource, type TrustSource } from "../trust/trust-source.js";
import { compilePayload, type PayloadOptions } from "./payload-header.js";
import type { AuthScheme } from "./scheme.js";

/** Options of {@link gateway}. */
export interface GatewayOptions {
  /** Kind of credential, for `AuthContext.type`. By default, `gateway`. */
  readonly name?: string;
  /**
   * Headers of the caller's identity. By default, those of `setAuthHeaders`, for a gateway that is a service of your own. Other
   * gateways write plain values and need a mapping. The gateway must set or remove **every** header of the mapping; else clients
   * can set it.
   */
  readonly headerMapping?: HeaderMapping;
  /**
   * A header with the claims of the caller as JSON in base64 or base64url, instead of a `headerMapping`: the payload of a token that
   * the gateway has verified. A claim `exp` ends the identity.
   */
  readonly payload?: PayloadOptions;
  /** Proof that the headers come from the gateway. */
  readonly trustSource: TrustSource;
}

const gatewayOptions = (): OptionTable<GatewayOptions, "name"> => ({
  name: withDefault(text, "gateway"),
  headerMapping: anything,
  payload: anything,
  trustSource: anything,
});

/**
 * Authenticates callers by the identity headers of a gateway in front of this server.
 *
 * Refuses identity headers without the proof. A request without the subject header is anonymous.
 *
 * @throws TypeError for a missing or malformed option.
 *
 * @example
 * const auth = createAuth({
 *   policies,
 *   authenticate: gateway({
 *     headerMapping: { subject: "x-user-id", roles: "x-user-roles" },
 *     trustSource: { header: "x-gateway-secret", secrets: process.env["GATEWAY_SECRET"] },
 *   }),
 * });
 */
export function gateway(options: GatewayOptions): AuthScheme {
  const own = readOptions("gateway", options, gatewayOptions);
  const { name, headerMapping, payload, trustSource } = own;
  const trust = compileTrustSource(trustSource);
  if ("headerMapping" in own && "payload" in own) throw new TypeError("headerMapping, payload: keep one");
  const mapping =
    "payload" in own
      ? compilePayload(payload as PayloadOptions)
      : "headerMapping" in own
        ? compileHeaderMapping(headerMapping as HeaderMapping)
        : {
            headers: Object.values(identityHeaders),
            subject: identityHeaders.subject,
            read({ header, values }: CredentialSource) {
              for (const name of Object.values(identityHeaders)) refuseRepeated(values, name);
              return decodeAuthHeaders(header);
            },
          };
  return {
    name,
    challenge: undefined,
    presents: "nothing",
    trustedHeaders: [...mapping.headers, ...trust.headers],
    accepts: [{ by: `gateway ${mapping.subject}`, only: { proof: trust.proofs } }],
    cache: false,
    read(source) {
      if (!source.header.has(mapping.subject)) return undefined;
      if (!trust.isTrusted(source))
        throw new InvalidCredentialError("identity headers without proof of the gateway", { reason: "untrusted" });
      const identity = mapping.read(source);
      return identity && { key: undefined, presented: undefined, verify: () => ({ identity }) };
    },
  };
}

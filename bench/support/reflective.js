// The baseline: access control that reads the options from descriptors while the server runs. Written as well as the
// approach allows: what was read is remembered by method.
import { getOption, hasOption } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { authContextKey } from "@connectum/auth";
import { jwtVerify } from "jose";
import { methodAuth, serviceAuth } from "./schema.js";

/** What the options say about a method. */
export function resolveMethod(method) {
  const m = hasOption(method, methodAuth) ? getOption(method, methodAuth) : undefined;
  const s = hasOption(method.parent, serviceAuth) ? getOption(method.parent, serviceAuth) : undefined;
  const own = (message, field) => (message && Object.hasOwn(message, field) ? message[field] : undefined);
  return {
    public: own(m, "public") ?? own(s, "public") ?? false,
    internal: own(m, "internal") ?? own(s, "internal") ?? false,
    requires: own(m, "requires") ?? own(s, "defaultRequires"),
    policy: own(m, "policy") ?? own(s, "defaultPolicy"),
  };
}

class DeniedError extends ConnectError {
  constructor(details) {
    super("Access denied", Code.PermissionDenied);
    this.details_ = details;
  }
}

/** Whether a method (`pkg.v1.Service/Method`) is named by one of many patterns, looked at in turn. */
export function matchesAny(patterns, path) {
  for (const pattern of patterns) if (matches(pattern, path)) return true;
  return false;
}

function matches(pattern, path) {
  return pattern === path || pattern === "*" || (pattern.endsWith("*") && path.startsWith(pattern.slice(0, -1)));
}

/**
 * @param {{ rules?: readonly { pattern: string, effect: string }[], skipMethods?: readonly string[] }} options
 * @returns {import("@connectrpc/connect").Interceptor}
 */
export function createReflectiveAuthz({ rules = [], skipMethods = [] } = {}) {
  const resolved = new WeakMap();
  return (next) => async (req) => {
    if (skipMethods.length > 0 && matchesAny(skipMethods, `${req.service.typeName}/${req.method.name}`))
      return next(req);
    let access = resolved.get(req.method);
    if (access === undefined) {
      access = resolveMethod(req.method);
      resolved.set(req.method, access);
    }
    if (access.public) return next(req);
    const context = req.contextValues.get(authContextKey);
    if (context === undefined) throw new ConnectError("Missing credentials", Code.Unauthenticated);
    if (access.requires !== undefined) {
      const { roles, scopes } = access.requires;
      const ok =
        (roles.length === 0 || roles.some((role) => context.roles.includes(role))) &&
        scopes.every((scope) => context.scopes.includes(scope));
      if (ok) return next(req);
      throw new DeniedError({ rule: "proto", roles, scopes, subject: context.subject });
    }
    if (access.policy === "allow") return next(req);
    const path = `${req.service.typeName}/${req.method.name}`;
    const rule = rules.find(({ pattern }) => matches(pattern, path));
    if (access.policy !== "deny" && rule?.effect === "allow") return next(req);
    throw new DeniedError({ rule: rule?.name ?? "default", subject: context.subject });
  };
}

const identityHeaders = ["subject", "name", "roles", "scopes", "claims", "type"].map((field) => `x-auth-${field}`);

/**
 * Verifies the token of every call, and deletes what a client might have forged.
 *
 * @returns {import("@connectrpc/connect").Interceptor}
 */
export function createReflectiveJwt(publicKey, expected) {
  return (next) => async (req) => {
    for (const name of identityHeaders) req.header.delete(name);
    const token = req.header.get("authorization")?.replace(/^Bearer /i, "");
    try {
      const { payload } = await jwtVerify(token, publicKey, expected);
      const { sub: subject, roles } = payload;
      req.contextValues.set(authContextKey, { subject, roles, scopes: [], claims: payload, type: "jwt" });
    } catch {
      throw new ConnectError("Invalid credentials", Code.Unauthenticated);
    }
    return next(req);
  };
}

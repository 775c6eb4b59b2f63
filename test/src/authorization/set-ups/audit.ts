import { createProtoAuthzInterceptor } from "@connectum/auth";
import { policies } from "./gen/auth_policies.js";

export const auditLog: string[] = [];

export const authorization = createProtoAuthzInterceptor({
  policies,
  onDecision: ({ service, method, subject, effect, decidedBy, reason }) => {
    auditLog.push(`${effect} ${subject ?? "anonymous"} ${service}/${method} by ${decidedBy}: ${reason ?? "ok"}`);
  },
});

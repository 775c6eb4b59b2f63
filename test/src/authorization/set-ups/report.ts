import { createProtoAuthzInterceptor } from "@connectum/auth";
import { policies } from "./gen/auth_policies.js";

export const wouldBeDenied: string[] = [];

export const authorization = createProtoAuthzInterceptor({
  policies,
  mode: "report",
  decisionEvents: "denied",
  onDecision: ({ service, method, reason }) => {
    wouldBeDenied.push(`${service}/${method}: ${reason}`);
  },
});

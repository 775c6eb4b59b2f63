export { can } from "./policy/can.js";
export type { ConditionCaller, ConditionTime, PolicyCondition } from "./policy/condition.js";
export { type Caller, type Decision, type DenialReason, decide, type MatchScope } from "./policy/decide.js";
export { getInternalMethods, getPublicMethods } from "./policy/methods-of.js";
export { createPolicyIndex, type PolicyIndex } from "./policy/policy-index.js";
export type { PolicyResource } from "./policy/resource.js";
export { createRoleHierarchy, type RoleHierarchy } from "./policy/role-hierarchy.js";
export type {
  InternalMethodOf,
  MethodOf,
  MethodPathOf,
  MethodPatternOf,
  MethodPolicy,
  PermissionOf,
  PublicMethodOf,
  RequestOf,
  RoleOf,
  ScopeOf,
  ServicePolicy,
} from "./policy/service-policy.js";

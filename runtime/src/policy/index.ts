export { can } from "./can.js";
export { type Caller, type Decision, type DenialReason, decide, type MatchScope } from "./decide.js";
export { getInternalMethods, getPublicMethods } from "./methods-of.js";
export { createPolicyIndex, type PolicyIndex } from "./policy-index.js";
export { createRoleHierarchy, type RoleHierarchy } from "./role-hierarchy.js";
export type {
  InternalMethodOf,
  MethodOf,
  MethodPathOf,
  MethodPatternOf,
  MethodPolicy,
  PublicMethodOf,
  RoleOf,
  ScopeOf,
  ServicePolicy,
} from "./service-policy.js";

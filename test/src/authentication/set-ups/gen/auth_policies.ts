import { AccessServicePolicy, EchoServicePolicy } from "../../../gen/lab/v1/lab_auth.js";

/** Stands for the registry file of a project. */
export const policies = [EchoServicePolicy, AccessServicePolicy];

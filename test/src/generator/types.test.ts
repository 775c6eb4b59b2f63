import type {
  InternalMethodOf,
  MethodOf,
  PublicMethodOf,
  RoleOf,
  ScopeOf,
  ServicePolicy,
} from "@connectum/auth/policy";
import { describe, expectTypeOf, test } from "vitest";
import {
  AccessServicePolicy,
  type AccessServicePublicMethods,
  EmptyServicePolicy,
  EmptyServicePublicMethods,
} from "./golden/ts/kinds/access_auth.js";
import { classPolicy } from "./golden/ts/names/hostile_auth.js";
import { policies, type publicMethods } from "./golden/ts/registry.js";

// Declarations have the same types: golden.test.ts compares them.
describe("types of generated tables, as tsc sees them", () => {
  test("are service policies", () => {
    expectTypeOf(AccessServicePolicy).toExtend<ServicePolicy>();
    expectTypeOf(EmptyServicePolicy).toExtend<ServicePolicy>();
    expectTypeOf(classPolicy).toExtend<ServicePolicy>();
    expectTypeOf(policies).toExtend<readonly ServicePolicy[]>();
  });

  test("know roles, scopes and methods by name", () => {
    expectTypeOf<RoleOf<typeof AccessServicePolicy>>().toEqualTypeOf<"admin" | "owner" | "billing">();
    expectTypeOf<ScopeOf<typeof AccessServicePolicy>>().toEqualTypeOf<"orders:read" | "orders:write">();
    expectTypeOf<MethodOf<typeof AccessServicePolicy>>().toEqualTypeOf<
      | "Public"
      | "Internal"
      | "InternalWithRole"
      | "RequiresRole"
      | "RequiresAll"
      | "RequiresNothing"
      | "Allow"
      | "Deny"
      | "Unspecified"
      | "Split"
    >();
    expectTypeOf<PublicMethodOf<typeof AccessServicePolicy>>().toEqualTypeOf<"golden.kinds.v1.AccessService/Public">();
    expectTypeOf<InternalMethodOf<typeof AccessServicePolicy>>().toEqualTypeOf<
      "golden.kinds.v1.AccessService/Internal" | "golden.kinds.v1.AccessService/InternalWithRole"
    >();
  });

  test("hold nothing where there is nothing", () => {
    expectTypeOf<RoleOf<typeof EmptyServicePolicy>>().toBeNever();
    expectTypeOf<MethodOf<typeof EmptyServicePolicy>>().toBeNever();
    expectTypeOf<PublicMethodOf<typeof EmptyServicePolicy>>().toBeNever();
    expectTypeOf(EmptyServicePublicMethods).toEqualTypeOf<readonly []>();
  });

  test("keep names that JavaScript treats specially", () => {
    expectTypeOf<PublicMethodOf<typeof classPolicy>>().toEqualTypeOf<"golden.names.v1.class/__proto__">();
    expectTypeOf<"constructor" | "toString" | "delete">().toExtend<MethodOf<typeof classPolicy>>();
  });

  test("agree with the lists", () => {
    expectTypeOf<(typeof AccessServicePublicMethods)[number]>().toEqualTypeOf<
      PublicMethodOf<typeof AccessServicePolicy>
    >();
    expectTypeOf<(typeof publicMethods)[number]>().toEqualTypeOf<PublicMethodOf<(typeof policies)[number]>>();
    expectTypeOf<"admin" | "deep" | "管理">().toExtend<RoleOf<(typeof policies)[number]>>();
    expectTypeOf<"nobody">().not.toExtend<RoleOf<(typeof policies)[number]>>();
    expectTypeOf<"shop.v1.Nobody/Get">().not.toExtend<PublicMethodOf<(typeof policies)[number]>>();
  });

  test("refuse a pattern with a typo, for who opts in", () => {
    type Pattern = `golden.kinds.v1.AccessService/${MethodOf<typeof AccessServicePolicy>}`;
    const typed: Pattern = "golden.kinds.v1.AccessService/Public";
    // @ts-expect-error there is no such method
    const typo: Pattern = "golden.kinds.v1.AccessService/Publik";
    expectTypeOf(typed).toBeString();
    expectTypeOf(typo).toBeString();
  });
});

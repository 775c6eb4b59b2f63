import type { RequestOf, ServicePolicy } from "@connectum/auth/policy";
import { describe, expectTypeOf, test } from "vitest";
import { EditionServicePolicy } from "../gen/shapes/v1/edition_auth.js";
import type { EditionRequest } from "../gen/shapes/v1/edition_pb.js";
import { Proto2ServicePolicy } from "../gen/shapes/v1/proto2_auth.js";
import type { Proto2Request } from "../gen/shapes/v1/proto2_pb.js";
import { Proto3ServicePolicy } from "../gen/shapes/v1/proto3_auth.js";
import type { Proto3Request } from "../gen/shapes/v1/proto3_pb.js";

type Rows<P extends ServicePolicy> = P["methods"][keyof P["methods"]];

describe("a generated message fits every condition", () => {
  test("of proto3", () => {
    expectTypeOf<Proto3Request>().toExtend<RequestOf<Rows<typeof Proto3ServicePolicy>>>();
    expectTypeOf(Proto3ServicePolicy).toExtend<ServicePolicy>();
  });
  test("of proto2", () => {
    expectTypeOf<Proto2Request>().toExtend<RequestOf<Rows<typeof Proto2ServicePolicy>>>();
    expectTypeOf(Proto2ServicePolicy).toExtend<ServicePolicy>();
  });
  test("of an edition", () => {
    expectTypeOf<EditionRequest>().toExtend<RequestOf<Rows<typeof EditionServicePolicy>>>();
    expectTypeOf(EditionServicePolicy).toExtend<ServicePolicy>();
  });
  test("and another does not", () => {
    type Scalars = RequestOf<typeof Proto3ServicePolicy.methods.Scalars>;
    expectTypeOf<{ text: string }>().not.toExtend<Scalars>();
    expectTypeOf<Omit<Proto3Request, "big"> & { big: string }>().not.toExtend<Scalars>();
  });
});

import { describe, expect, test } from "vitest";
import { runPlugin } from "../generator/run-plugin.js";
import { compile, requestFor } from "../generator/schema.js";
import { mistakes } from "./mistakes.js";

/** A request with a field of every kind, and a method for every condition; its option begins at column 5. */
function protoWith(conditions: readonly string[]): Record<string, string> {
  const methods = conditions.map(
    (condition, i) => `  rpc M${i}(R) returns (Item) {
    option (connectum.auth.v1.method_auth) = {
      requires: {}
      condition: "${condition.replace(/[\\"]/g, "\\$&")}"
    };
  }`,
  );
  return {
    "p.proto": `syntax = "proto3";
package p;
import "connectum/auth/v1/options.proto";
import "google/protobuf/any.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "other.proto";
message Item { string id = 1; repeated string tags = 2; }
enum Kind { KIND_UNSPECIFIED = 0; KIND_ADMIN = 1; }
message R {
  string tenant_id = 1; int64 count = 2; double price = 3; uint32 u = 4; bool flag = 5; repeated Item items = 6;
  repeated Item more = 7; Kind kind = 8; Item item = 9; google.protobuf.Timestamp when = 10; bytes raw = 11;
  oneof owner { string user = 12; string team = 13; }
  google.protobuf.Any any = 14; google.protobuf.Struct struct = 15; map<string, string> labels = 16;
  repeated string names = 17; string name = 18; Imported imported = 19;
}
service S {
${methods.join("\n")}
}`,
    "other.proto": 'syntax = "proto3"; package p; message Imported { string name = 1; }',
  };
}

function messagesFor(conditions: readonly string[]): string[] {
  const { error } = runPlugin(requestFor(compile(protoWith(conditions)), ["p.proto"], "target=ts"));
  return error.split("\n");
}

describe("a mistake in a condition", () => {
  const conditions = Object.keys(mistakes);
  const messages = messagesFor(conditions);

  test("stops generation, each with one message", () => {
    expect(messages).toHaveLength(conditions.length);
    expect(conditions.length).toBeGreaterThanOrEqual(60);
  });

  test.each(conditions.map((condition, i) => ({ condition, message: messages[i] })))(
    "$condition",
    ({ condition, message }) => {
      const index = conditions.indexOf(condition);
      // buf locates the field of the option.
      const line = 21 + 6 * index;
      expect(message).toBe(`p.proto:${line}:7: p.S.M${index}: condition ${mistakes[condition]}`);
    },
  );
});

import type { DescService, UnknownField } from "@bufbuild/protobuf";
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { expect, test } from "vitest";
import { samples } from "../support/samples.js";
import { judgeMethod } from "./oracle.js";
import { startPlugin } from "./plugin-in-process.js";
import { arbitrarySchema, describeSchema, register, serializeRequest } from "./random-schema.js";
import { readResponse } from "./run-plugin.js";

/** Changes the bytes of an option message: cuts, inserts, overwrites, or replaces them all. */
type Change = (bytes: Uint8Array) => Uint8Array;
const tags = fc.constantFrom(0x00, 0x01, 0x02, 0x08, 0x0a, 0x10, 0x12, 0x18, 0x1a, 0x20, 0x22, 0x28, 0x80);
const cuts = fc.tuple(fc.nat(60), fc.nat(3), fc.uint8Array({ maxLength: 4 })).map(
  ([at, remove, insert]): Change =>
    (bytes) => {
      const place = at % (bytes.length + 1);
      return Buffer.concat([bytes.subarray(0, place), insert, bytes.subarray(place + remove)]);
    },
);
const overwrites = fc.tuple(fc.nat(60), fc.oneof(tags, fc.nat(255))).map(
  ([at, value]): Change =>
    (bytes) => {
      const copy = Uint8Array.from(bytes);
      if (copy.length > 0) copy[at % copy.length] = value;
      return copy;
    },
);
const replacements = fc.array(fc.oneof(tags, fc.nat(255)), { maxLength: 12 }).map(
  (bytes): Change =>
    () =>
      Uint8Array.from(bytes),
);
const changes = fc.array(fc.oneof(cuts, overwrites, replacements), { minLength: 1, maxLength: 2 });

function changed({ no, wireType, data }: UnknownField, list: readonly Change[]): UnknownField {
  const message = list.reduce((bytes, change) => change(bytes), new BinaryReader(data).bytes());
  return { no, wireType, data: new BinaryWriter().bytes(message).finish() };
}

test("random bytes inside our options never open a method: a table says what reflection reads, or there is none", () => {
  let accepted = 0;
  let rejected = 0;
  fc.assert(
    fc.property(arbitrarySchema, changes, (model, list) => {
      const file = describeSchema(model);
      for (const { options, method } of file.service) {
        for (const one of [options, ...method.map((each) => each.options)]) {
          if (one?.$unknown !== undefined) one.$unknown = one.$unknown.map((value) => changed(value, list));
        }
      }
      const { status, stdout } = startPlugin(
        serializeRequest(file, "target=js,js_import_style=legacy_commonjs,strict=false"),
      );
      expect(status).toBe(0);
      const { error, files } = readResponse(stdout);
      if (error !== "") {
        expect(files.size).toBe(0);
        rejected++;
        return;
      }
      accepted++;
      const tables: Record<string, { methods: Record<string, unknown> }> = {};
      new Function("exports", files.get("random_auth.js") ?? "")(tables);
      const services = [...register(file)].filter((desc): desc is DescService => desc.kind === "service");
      for (const { name, methods } of services) {
        const rows = methods.map((method) => [method.name, judgeMethod(method).row]);
        expect(tables[`${name}Policy`]?.methods).toEqual(Object.fromEntries(rows));
        const errors = methods.flatMap((method) => judgeMethod(method).errors);
        expect(errors).toEqual([]);
      }
    }),
    { numRuns: samples(1_000, 3_000), seed: 7 },
  );
  expect(accepted).toBeGreaterThan(samples(60, 200));
  expect(rejected).toBeGreaterThan(samples(300, 1_000));
}, 300_000);

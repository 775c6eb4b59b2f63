import { create, type DescMessage, fromBinary, type Message, setExtension, toBinary } from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  type FileDescriptorSet,
  FileDescriptorSetSchema,
  type MethodOptions,
  MethodOptionsSchema,
} from "@bufbuild/protobuf/wkt";
import { MethodAuthSchema, method_auth } from "../../../plugin/dist/gen/connectum/auth/v1/options_pb.js";
import { runPlugin } from "../generator/run-plugin.js";
import { requestFor } from "../generator/schema.js";
import type { Caller } from "./callers.js";

export interface Time {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** The condition of a row. */
export interface Compiled {
  readonly cel: string;
  readonly admits?: (caller: Caller, now: Time) => boolean;
  readonly holds: (caller: Caller, request: Message, now: Time) => boolean;
}

/** A condition that the plugin compiled, or the reason why it refused. */
export type Outcome = Compiled | { readonly refused: string };

export interface Asked {
  readonly text: string;
  readonly request: DescMessage;
}

const parameter = "target=js,js_import_style=legacy_commonjs,strict=false";

/** Compiles conditions, each at a method of its own. Those that the plugin refuses are left out of a second run. */
export function compileConditions(schema: FileDescriptorSet, packageName: string, asked: readonly Asked[]): Outcome[] {
  const refused = new Map<number, string>();
  for (;;) {
    const { files, error } = runPlugin(
      requestFor(withService(schema, packageName, asked, refused), ["asked.proto"], parameter),
    );
    if (error === "") {
      const tables = evaluate(files.get("asked_auth.js") ?? "");
      const { methods } = tables["AskedPolicy"] as {
        readonly methods: Record<string, { readonly condition: Compiled }>;
      };
      return asked.map((_, index) => {
        const reason = refused.get(index);
        return reason === undefined ? (methods[`M${index}`]?.condition as Compiled) : { refused: reason };
      });
    }
    const found = [...error.matchAll(/Asked\.M(\d+): condition ([\s\S]*?)(?=\n\S*asked\.proto|$)/g)];
    if (found.every(([, index]) => refused.has(Number(index)))) throw new Error(`the plugin failed: ${error}`);
    for (const [, index, reason = ""] of found) refused.set(Number(index), reason);
  }
}

function withService(
  schema: FileDescriptorSet,
  packageName: string,
  asked: readonly Asked[],
  refused: ReadonlyMap<number, string>,
): FileDescriptorSet {
  const files = new Set(asked.map(({ request }) => request.file.proto.name));
  const service = create(FileDescriptorProtoSchema, {
    name: "asked.proto",
    package: packageName,
    syntax: "proto3",
    dependency: ["connectum/auth/v1/options.proto", ...files],
    service: [
      {
        name: "Asked",
        method: asked.flatMap(({ text, request }, index) => {
          if (refused.has(index)) return [];
          const name = `.${request.typeName}`;
          return [{ name: `M${index}`, inputType: name, outputType: name, options: optionsWith(text) }];
        }),
      },
    ],
  });
  return create(FileDescriptorSetSchema, { file: [...schema.file, service] });
}

function optionsWith(condition: string): MethodOptions {
  const options = create(MethodOptionsSchema);
  setExtension(options, method_auth, create(MethodAuthSchema, { requires: {}, condition }));
  // As a compiler sends them: as bytes, whose extensions are unknown.
  return fromBinary(MethodOptionsSchema, toBinary(MethodOptionsSchema, options));
}

function evaluate(javascript: string): Record<string, unknown> {
  const exports: Record<string, unknown> = {};
  new Function("exports", javascript)(exports);
  return exports;
}

import { isCelError, run } from "@bufbuild/cel";
import type { SimpleTest } from "@bufbuild/cel-spec/cel/expr/conformance/test/simple_pb.js";
import type { Value } from "@bufbuild/cel-spec/cel/expr/value_pb.js";
import { getTestRegistry } from "@bufbuild/cel-spec/testdata/registry.js";
import {
  getConformanceSuite,
  type IncrementalTest,
  type IncrementalTestSuite,
} from "@bufbuild/cel-spec/testdata/tests.js";
import {
  create,
  createFileRegistry,
  type DescFile,
  type DescMessage,
  fromBinary,
  type Message,
  type MessageInitShape,
  type Registry,
  toBinary,
} from "@bufbuild/protobuf";
import { isReflectMessage } from "@bufbuild/protobuf/reflect";
import {
  anyUnpack,
  type DescriptorProtoSchema,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
  type FileDescriptorSet,
  FileDescriptorSetSchema,
  isWrapper,
} from "@bufbuild/protobuf/wkt";
import { liftLiterals } from "./lift-literals.js";
import { requestSchema } from "./requests.js";

/** A test of CEL as a condition: it must hold for the request or not. */
export interface ConformanceCase {
  readonly name: string;
  readonly container: string;
  /** An expression over `request`. */
  readonly text: string;
  readonly request: DescMessage;
  readonly message: Message;
  readonly holds: boolean;
}

/** A test of CEL, as cases, or the reason why it cannot be one. */
export type Converted =
  | { readonly name: string; readonly cases: readonly ConformanceCase[] }
  | { readonly outside: string };

const registry = getTestRegistry();
const proto3 = registry.getMessage("cel.expr.conformance.proto3.TestAllTypes") as DescMessage;

/** All tests of the suite, in its order. */
export function allTests(suite: IncrementalTestSuite): { readonly path: string; readonly test: IncrementalTest }[] {
  return [
    ...suite.tests.map((test) => ({ path: `${suite.name}/${test.name}`, test })),
    ...suite.suites.flatMap(allTests).map(({ path, test }) => ({ path: `${suite.name}/${path}`, test })),
  ];
}

/** The messages of the tests, and those that hold their bindings. */
export function convertConformanceSuite(): {
  readonly schema: FileDescriptorSet;
  readonly tests: readonly Converted[];
} {
  const builder = new RequestBuilder();
  const planned = allTests(getConformanceSuite()).map(({ path, test }) => plan(path, test.original, builder));
  const { schema, types } = builder.build();
  return { schema, tests: planned.map((one) => ("outside" in one ? one : one.convert(types))) };
}

type Planned = { readonly outside: string } | { readonly convert: (types: Registry) => Converted };

function plan(name: string, test: SimpleTest, builder: RequestBuilder): Planned {
  const { container, resultMatcher } = test;
  if (test.disableMacros) return { outside: "the test has no macros" };
  const isError = ["evalError", "anyEvalErrors"].includes(resultMatcher.case ?? "");
  const value = resultMatcher.case === "value" ? resultMatcher.value : undefined;
  // Without a result, the test expects true.
  const expected =
    resultMatcher.case === undefined ? true : value?.kind.case === "boolValue" ? value.kind.value : undefined;
  const literal = value === undefined ? undefined : literalOf(value);
  if (!isError && expected === undefined && literal === undefined) {
    return { outside: `the result is ${value?.kind.case ?? resultMatcher.case}` };
  }
  const request = requestOf(test, builder);
  if ("outside" in request) return request;
  const convert = (types: Registry): Converted => {
    let desc = types.getMessage(request.typeName) as DescMessage;
    let message = request.make(desc);
    const one = (text: string, holds: boolean): ConformanceCase => {
      const decoded = fromBinary(desc, toBinary(desc, message));
      return { name, container, text, request: desc, message: decoded, holds };
    };
    const { text } = request;
    if (isError) return { name, cases: [one(text, false), one(`!(${text})`, false)] };
    if (expected !== undefined) return { name, cases: [one(text, expected), one(`!(${text})`, !expected)] };
    let other = literal?.text ?? "";
    if (!/\brequest\b/.test(text)) {
      // Two literals are not compared, so the result is in the request.
      desc = proto3;
      message = create(proto3, { [literal?.localName ?? ""]: literal?.value });
      other = `request.${literal?.field}`;
    }
    return { name, cases: [one(`(${text}) == ${other}`, true), one(`(${text}) != ${other}`, false)] };
  };
  return { convert };
}

interface RequestPlan {
  readonly text: string;
  readonly typeName: string;
  readonly make: (desc: DescMessage) => Message;
}

/** Puts the bindings, or a message that the expression creates, into the request. */
function requestOf(test: SimpleTest, builder: RequestBuilder): RequestPlan | { readonly outside: string } {
  const { expr, container, bindings } = test;
  const names = Object.keys(bindings);
  if (names.length === 0) {
    const created = /\b(?:[\w.]+\.)?(?:Nested)?TestAllTypes\s*\{/.exec(expr);
    const text = created === null ? undefined : balanced(expr, created.index);
    const value = text === undefined ? undefined : run(text, {}, { namespace: container, registry });
    if (text !== undefined && isReflectMessage(value) && !isCelError(value)) {
      const { typeName } = value.desc;
      return { text: expr.replaceAll(text, "request"), typeName, make: () => value.message };
    }
    const lifted = liftLiterals(expr);
    const fields = [...(lifted?.values ?? [])].map(([name, one]) => [name, boundOf(one)] as const);
    if (lifted === undefined || fields.some(([, bound]) => bound === undefined)) {
      return { text: expr, typeName: proto3.typeName, make: () => create(proto3) };
    }
    return fieldsOf(new Map(fields as [string, Bound][]), lifted.text, builder);
  }
  const values = new Map<string, Bound>();
  for (const [name, binding] of Object.entries(bindings)) {
    if (!/^\w+$/.test(name)) return { outside: "the name of a binding is a path" };
    const value = binding.kind.case === "value" ? boundOf(binding.kind.value) : undefined;
    if (value === undefined) return { outside: "a binding is no field" };
    values.set(name, value);
  }
  const text = expr.replace(new RegExp(`(?<![\\w.'"\`])(${names.join("|")})(?![\\w('"\`])`, "g"), "request.$1");
  return fieldsOf(values, text, builder);
}

function fieldsOf(values: ReadonlyMap<string, Bound>, text: string, builder: RequestBuilder): RequestPlan {
  const typeName = builder.add(values);
  const make = (desc: DescMessage) => {
    const fields = desc.fields.map((field) => [field.localName, values.get(field.name)?.value] as const);
    return create(desc, Object.fromEntries(fields) as MessageInitShape<DescMessage>);
  };
  return { text, typeName, make };
}

/** The text from an index to the brace that closes its first brace. */
function balanced(text: string, start: number): string | undefined {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === "{") depth += 1;
    if (text[at] === "}" && --depth === 0) return text.slice(start, at + 1);
  }
  return undefined;
}

type BoundType = { readonly type: FieldDescriptorProto_Type; readonly typeName?: string };

/** A binding as a field. */
type Bound = { readonly value: unknown } & (
  | BoundType
  | { readonly item: BoundType }
  | { readonly key: BoundType; readonly entry: BoundType }
);

function boundOf(value: Value): Bound | undefined {
  const { kind } = value;
  const { INT64, UINT64, DOUBLE, STRING, BOOL, BYTES, MESSAGE } = FieldDescriptorProto_Type;
  switch (kind.case) {
    case "int64Value":
      return { type: INT64, value: kind.value };
    case "uint64Value":
      return { type: UINT64, value: kind.value };
    case "doubleValue":
      return { type: DOUBLE, value: kind.value };
    case "stringValue":
      return { type: STRING, value: kind.value };
    case "boolValue":
      return { type: BOOL, value: kind.value };
    case "bytesValue":
      return { type: BYTES, value: kind.value };
    case "objectValue": {
      const message = anyUnpack(kind.value, registry);
      // protobuf-es has the value of a wrapper in a field.
      const content = message !== undefined && isWrapper(message) ? message.value : message;
      return message && { type: MESSAGE, typeName: `.${message.$typeName}`, value: content };
    }
    case "listValue": {
      const items = kind.value.values.map(boundOf);
      const [first] = items;
      if (first === undefined || !("type" in first)) return undefined;
      if (items.some((item) => !item || !("type" in item) || item.type !== first.type)) return undefined;
      return { item: first, value: items.map((item) => item?.value) };
    }
    case "mapValue": {
      const entries = kind.value.entries.map(
        (entry) => [entry.key, entry.value].map((one) => one && boundOf(one)) as Bound[],
      );
      const [key, entry] = entries[0] ?? [];
      if (!key || !entry || !("type" in key) || !("type" in entry) || key.type === DOUBLE) return undefined;
      if (
        entries.some(
          ([k, v]) => !k || !v || !("type" in k && "type" in v) || k.type !== key.type || v.type !== entry.type,
        )
      ) {
        return undefined;
      }
      return { key, entry, value: Object.fromEntries(entries.map(([k, v]) => [String(k?.value), v?.value])) };
    }
    default:
      return undefined;
  }
}

/** Makes messages with a field for each binding. */
class RequestBuilder {
  readonly #messages: MessageInitShape<typeof DescriptorProtoSchema>[] = [];

  /** Returns the name of a message with the fields. */
  add(values: ReadonlyMap<string, Bound>): string {
    const name = `Bindings${this.#messages.length}`;
    const nestedType: MessageInitShape<typeof DescriptorProtoSchema>[] = [];
    const { OPTIONAL: optional, REPEATED: repeated } = FieldDescriptorProto_Label;
    const field = [...values].map(([fieldName, bound], index) => {
      const common = { name: fieldName, number: index + 1 };
      if ("item" in bound) return { ...common, label: repeated, ...plain(bound.item) };
      if ("type" in bound) return { ...common, label: optional, ...plain(bound) };
      const entryName = `${fieldName.charAt(0).toUpperCase()}${fieldName.slice(1)}Entry`;
      const entry = [
        { name: "key", number: 1, label: optional, ...plain(bound.key) },
        { name: "value", number: 2, label: optional, ...plain(bound.entry) },
      ];
      nestedType.push({ name: entryName, field: entry, options: { mapEntry: true } });
      const typeName = `.bindings.${name}.${entryName}`;
      return { ...common, label: repeated, type: FieldDescriptorProto_Type.MESSAGE, typeName };
    });
    this.#messages.push({ name, field, nestedType });
    return `bindings.${name}`;
  }

  build(): { readonly schema: FileDescriptorSet; readonly types: Registry } {
    const found = new Map<string, DescFile>();
    const visit = (file: DescFile): void => {
      file.dependencies.forEach(visit);
      found.set(file.proto.name, file);
    };
    for (const type of registry) if (type.kind === "message") visit(type.file);
    const options = requestSchema.file.filter(({ name }) => /descriptor\.proto$|options\.proto$/.test(name));
    const files = [...found.values()].map(({ proto }) => proto);
    const bindings = create(FileDescriptorProtoSchema, {
      name: "bindings.proto",
      package: "bindings",
      syntax: "proto3",
      dependency: files.map(({ name }) => name),
      messageType: this.#messages,
    });
    const known = new Set(files.map(({ name }) => name));
    const all = [
      ...files,
      ...options.filter(({ name }) => !known.has(name) && name !== "uses-options.proto"),
      bindings,
    ];
    const schema = create(FileDescriptorSetSchema, { file: all });
    return { schema, types: createFileRegistry(schema) };
  }
}

function plain({ type, typeName }: BoundType): BoundType {
  return typeName === undefined ? { type } : { type, typeName };
}

/** A result as a literal of CEL, and as a field of the request. */
function literalOf({ kind }: Value): { text: string; field: string; localName: string; value: unknown } | undefined {
  switch (kind.case) {
    case "int64Value":
      return { text: String(kind.value), field: "single_int64", localName: "singleInt64", value: kind.value };
    case "uint64Value":
      return { text: `${kind.value}u`, field: "single_uint64", localName: "singleUint64", value: kind.value };
    case "doubleValue": {
      const text = String(kind.value);
      if (!Number.isFinite(kind.value)) return undefined;
      const isPlain = /[.e]/.test(text);
      return {
        text: isPlain ? text : `${text}.0`,
        field: "single_double",
        localName: "singleDouble",
        value: kind.value,
      };
    }
    case "stringValue": {
      const text = JSON.stringify(kind.value);
      return { text, field: "single_string", localName: "singleString", value: kind.value };
    }
    default:
      return undefined;
  }
}

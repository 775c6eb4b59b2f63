import {
  create,
  createRegistry,
  type DescMessage,
  fromBinary,
  fromJsonString,
  type Message,
  toBinary,
  toJsonString,
} from "@bufbuild/protobuf";
import { type Any, anyPack, anyUnpack } from "@bufbuild/protobuf/wkt";
import * as check from "./gen/buf/plugin/check/v1/check_pb.js";
import { RequestSchema, type Response, ResponseSchema, SpecSchema } from "./gen/pluginrpc/v1/pluginrpc_pb.js";
import { readStdin, write } from "./process/stdio.js";
import { listCategories, listRules, check as runCheck } from "./review/check-service.js";
import { ReviewOptionError } from "./review/review-options.js";

/** A procedure: the argument that selects it, and its types. */
interface Procedure {
  readonly argument: string;
  readonly input: DescMessage;
  readonly output: DescMessage;
  readonly run: (input: never) => Message;
}

const service = "/buf.plugin.check.v1.CheckService";
const procedures: { readonly [path: string]: Procedure } = {
  [`${service}/Check`]: {
    ...{ argument: "check", input: check.CheckRequestSchema, output: check.CheckResponseSchema },
    run: runCheck,
  },
  [`${service}/ListRules`]: {
    ...{ argument: "list-rules", input: check.ListRulesRequestSchema, output: check.ListRulesResponseSchema },
    run: listRules,
  },
  [`${service}/ListCategories`]: {
    ...{ argument: "list-categories", input: check.ListCategoriesRequestSchema },
    output: check.ListCategoriesResponseSchema,
    run: listCategories,
  },
};

const help = `buf-plugin-connectum-auth checks the access rules in .proto files. buf starts it. Write into buf.yaml:

  plugins:
    - plugin: buf-plugin-connectum-auth
  lint:
    use: [STANDARD, CONNECTUM_AUTH]
  breaking:
    use: [FILE, CONNECTUM_AUTH_BREAKING]`;

/** The codes of gRPC. */
const [invalidArgument, unimplemented, internal] = [3, 12, 13];

/** Answers one call of buf. Returns the exit code. */
function main(args: readonly string[]): number {
  const isJson = args.includes("json");
  const registry = createRegistry(...Object.values(procedures).flatMap(({ input, output }) => [input, output]));
  const print = (schema: DescMessage, message: Message) =>
    write(1, isJson ? Buffer.from(toJsonString(schema, message, { registry })) : toBinary(schema, message));
  if (args.includes("--protocol")) write(1, Buffer.from("1\n"));
  else if (args.includes("--spec")) {
    const list = Object.entries(procedures).map(([path, { argument }]) => ({ path, args: [argument] }));
    print(SpecSchema, create(SpecSchema, { procedures: list }));
  } else {
    const [, procedure] =
      Object.entries(procedures).find(([path, { argument }]) => [path, argument].includes(args[0] ?? "")) ?? [];
    if (procedure === undefined) {
      if (args.length === 0 || args[0]?.startsWith("-")) {
        write(2, Buffer.from(`${help}\n`));
        return 1;
      }
      print(ResponseSchema, failure(unimplemented, `no procedure ${args[0]}`));
    } else print(ResponseSchema, respond(procedure, isJson, registry));
  }
  return 0;
}

function respond(
  { input, output, run }: Procedure,
  isJson: boolean,
  registry: ReturnType<typeof createRegistry>,
): Response {
  try {
    const bytes = readStdin();
    const value: Any | undefined = isJson
      ? bytes.length === 0
        ? undefined
        : fromJsonString(RequestSchema, Buffer.from(bytes).toString(), { registry }).value
      : fromBinary(RequestSchema, bytes).value;
    const request = value === undefined ? create(input) : anyUnpack(value, input);
    if (request === undefined) return failure(invalidArgument, `expected ${input.typeName}, got ${value?.typeUrl}`);
    return create(ResponseSchema, { value: anyPack(output, run(request as never)) });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return failure(error instanceof ReviewOptionError ? invalidArgument : internal, message);
  }
}

function failure(code: number | undefined, message: string): Response {
  return create(ResponseSchema, { error: { code: code ?? 13, message } });
}

process.exitCode = main(process.argv.slice(2));

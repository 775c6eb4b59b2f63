import type { DescFile } from "@bufbuild/protobuf";
import type { Schema } from "@bufbuild/protoplugin";
import type { Declaration } from "../declaration/declaration.js";
import { file_connectum_auth_v1_options as optionsProto } from "../gen/connectum/auth/v1/options_pb.js";
import type { Tables } from "../merge/merge.js";
import type { GeneratorOptions } from "../options/options.js";
import { isInside, locationsOf } from "../request/source-info.js";
import { ownerName, type Problems } from "./problems.js";

const advice =
  "Remove connectum.auth.v1 and google.protobuf from the type filters of this plugin, its input and the command line " +
  "(exclude_types, types, --exclude-type, --type).";

/**
 * Reports signs of access rules that a filter removed.
 *
 * buf's type filters remove options before the plugin sees them. A method without its rule inherits another, or has
 * none.
 *
 * A filter of buf that removes a rule also removes parts of the options proto. The other checks detect other tools.
 */
export function checkFilters(
  { allFiles, options: { requireOptions } }: Schema<GeneratorOptions>,
  generated: Tables,
  foreignNumbers: ReadonlySet<number>,
  problems: Problems,
): void {
  const optionsProtos = allFiles.filter(({ proto }) => proto.package === optionsProto.proto.package);
  const isWhole = checkWhole(optionsProtos, problems);
  let hasRules = optionsProtos.length > 0;
  for (const [file, tables] of generated) {
    const all = tables.flatMap(({ declaration, rows }) => [declaration, ...rows.map((row) => row.declaration)]);
    // checkExtensions reports foreign numbers.
    const absent = all.filter(({ state, option }) => state === "absent" && !foreignNumbers.has(option.number));
    if (absent.length < all.length) hasRules = true;
    else if (all.length > 0 && isWhole) checkImport(file, optionsProtos, problems);
    checkPositions(file, absent, optionsProtos.length > 0, problems);
  }
  const [first] = [...generated].find(([, tables]) => tables.length > 0) ?? [];
  if (hasRules || first === undefined) return;
  const text = `no file of this run imports ${optionsProto.proto.name}, so every method is unspecified`;
  const message = `${text}. If a file imports it, a filter removed the import. ${advice}`;
  if (requireOptions) problems.add("error", { file: first, path: [] }, message);
  else problems.add("warning", { file: first, path: [] }, `${message} require_options=true makes this an error.`);
}

/** Returns the parts that a filter can remove: extensions, messages and message fields. Old versions lack the rest. */
function partsOf({ extensions, messages }: DescFile): string[] {
  const fields = messages.flatMap((message) => message.fields.filter((field) => field.message !== undefined));
  const types = [...extensions, ...messages].map(({ name }) => name);
  return [...types, ...fields.map(({ parent, name }) => `${parent.name}.${name}`)];
}

/** Reports an options proto without all its parts. Returns true if it has them. */
function checkWhole(optionsProtos: readonly DescFile[], problems: Problems): boolean {
  const found = optionsProtos.flatMap(partsOf);
  const missing = partsOf(optionsProto).filter((part) => !found.includes(part));
  const [file] = optionsProtos;
  if (file === undefined || missing.length === 0) return true;
  const text = `a filter removed ${missing.join(", ")} and the access rules that use them`;
  problems.add("error", { file, path: [] }, `${text}. ${advice}`);
  return false;
}

/** Reports an unused import of the options proto. */
function checkImport(file: DescFile, optionsProtos: readonly DescFile[], problems: Problems): void {
  const { dependency, publicDependency, optionDependency } = file.proto;
  const names = [optionsProto, ...optionsProtos].map(({ proto }) => proto.name);
  const index = dependency.findIndex((name, at) => names.includes(name) && !publicDependency.includes(at));
  if (index < 0 && !optionDependency.some((name) => names.includes(name))) return;
  const text = `the file imports ${optionsProto.proto.name}, but none of its services and methods has a rule`;
  const message = `${text}. Delete the import. If the file has rules, a filter removed them. ${advice}`;
  problems.add("ambiguous", { file, path: index < 0 ? [] : [3, index] }, message);
}

/** Reports options that have a position, but no value. */
function checkPositions(file: DescFile, absent: Declaration[], hasOptionsProto: boolean, problems: Problems): void {
  const locations = locationsOf(file);
  const byStatement = new Map(absent.map((declaration) => [declaration.path.slice(0, -1).join(), declaration]));
  for (const [index, { path }] of locations.entries()) {
    // [service, its index, options, …] or [service, its index, method, its index, options, …]
    const statement = path.slice(0, path[2] === 3 ? 3 : 5);
    const declaration = path[0] === 6 ? byStatement.get(statement.join()) : undefined;
    if (declaration === undefined) continue;
    const isRule = path[statement.length] === declaration.option.number;
    const isEmpty = path.length === statement.length && !isInside(locations[index + 1]?.path ?? [], path);
    if (!isRule && (hasOptionsProto || !isEmpty)) continue;
    byStatement.delete(statement.join());
    const text = `${isRule ? declaration.option.name : "an option"} is written here, but the plugin did not receive it`;
    const condition = isRule ? "" : "If it is an access rule, a filter removed it. ";
    const message = `${ownerName(declaration)}: ${text}. ${condition}${advice}`;
    problems.add(isRule ? "error" : "ambiguous", { file, path }, message);
  }
}

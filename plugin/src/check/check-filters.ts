import type { DescFile } from "@bufbuild/protobuf";
import type { Schema } from "@bufbuild/protoplugin";
import type { Declaration } from "../declaration/declaration.js";
import { file_connectum_auth_v1_options as optionsProto } from "../gen/connectum/auth/v1/options_pb.js";
import type { Tables } from "../merge/merge.js";
import type { GeneratorOptions } from "../options/options.js";
import { isInside, locationsOf } from "../request/source-info.js";
import { ownerOf, type Problems } from "./problems.js";

const advice =
  "Remove connectum.auth.v1 and google.protobuf from the type filters of this plugin, its input and the command line " +
  "(exclude_types, types, --exclude-type, --type).";

/**
 * Reports signs that access rules were written and are gone: buf's type filters remove options before the plugin sees
 * them, and a method without its rule inherits another, or has none.
 *
 * A filter cannot remove a rule and leave the options proto whole. The other signs are for tools other than buf.
 */
export function checkFilters(
  { allFiles, options: { requireOptions } }: Schema<GeneratorOptions>,
  generated: Tables,
  taken: ReadonlySet<number>,
  problems: Problems,
): void {
  const optionsProtos = allFiles.filter(({ proto }) => proto.package === optionsProto.proto.package);
  const isWhole = checkWhole(optionsProtos, problems);
  let hasRules = optionsProtos.length > 0;
  for (const [file, tables] of generated) {
    const all = tables.flatMap(({ declaration, rows }) => [declaration, ...rows.map((row) => row.declaration)]);
    // A number that another extension has taken is reported elsewhere.
    const silent = all.filter(({ state, option }) => state === "absent" && !taken.has(option.number));
    if (silent.length < all.length) hasRules = true;
    else if (all.length > 0 && isWhole) checkImport(file, optionsProtos, problems);
    checkPositions(file, silent, optionsProtos.length > 0, problems);
  }
  const [first] = [...generated].find(([, tables]) => tables.length > 0) ?? [];
  if (hasRules || first === undefined) return;
  const text = `no file of this run imports ${optionsProto.proto.name}, so every method is unspecified`;
  const message = `${text}. If the files import it, a filter removed it. ${advice}`;
  if (requireOptions) problems.add("error", { file: first, path: [] }, message);
  else problems.add("warning", { file: first, path: [] }, `${message} require_options=true makes this an error.`);
}

/** Extensions, messages, and fields that are messages: what a filter can remove. An older version may lack the rest. */
function partsOf({ extensions, messages }: DescFile): string[] {
  const fields = messages.flatMap((message) => message.fields.filter((field) => field.message !== undefined));
  const types = [...extensions, ...messages].map(({ name }) => name);
  return [...types, ...fields.map(({ parent, name }) => `${parent.name}.${name}`)];
}

function checkWhole(optionsProtos: readonly DescFile[], problems: Problems): boolean {
  const found = optionsProtos.flatMap(partsOf);
  const missing = partsOf(optionsProto).filter((part) => !found.includes(part));
  const [file] = optionsProtos;
  if (file === undefined || missing.length === 0) return true;
  const text = `a filter removed ${missing.join(", ")}, and with it access rules`;
  problems.add("error", { file, path: [] }, `${text}. ${advice}`);
  return false;
}

/** An import that nothing uses: the file has services, and none of them has a rule. */
function checkImport(file: DescFile, optionsProtos: readonly DescFile[], problems: Problems): void {
  const { dependency, publicDependency, optionDependency } = file.proto;
  const names = [optionsProto, ...optionsProtos].map(({ proto }) => proto.name);
  const index = dependency.findIndex((name, at) => names.includes(name) && !publicDependency.includes(at));
  if (index < 0 && !optionDependency.some((name) => names.includes(name))) return;
  const text = `the file imports ${optionsProto.proto.name}, but no service or method has a rule. Delete the import`;
  const message = `${text}. If there are rules, a filter removed them. ${advice}`;
  problems.add("ambiguous", { file, path: index < 0 ? [] : [3, index] }, message);
}

/** Positions of options that the plugin did not receive. */
function checkPositions(file: DescFile, silent: Declaration[], hasOptionsProto: boolean, problems: Problems): void {
  const locations = locationsOf(file);
  const byStatement = new Map(silent.map((declaration) => [declaration.path.slice(0, -1).join(), declaration]));
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
    const message = `${ownerOf(declaration)}: ${text}. ${isRule ? "" : "If it is an access rule: "}${advice}`;
    problems.add(isRule ? "error" : "ambiguous", { file, path }, message);
  }
}

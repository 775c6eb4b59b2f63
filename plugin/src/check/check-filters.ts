import type { DescFile } from "@bufbuild/protobuf";
import type { Declaration } from "../declaration/declaration.js";
import type { FileTables } from "../merge/tables.js";
import { isOptionsProto, optionsProto } from "../options-proto.js";
import { locationsOf } from "../request/source-info.js";
import { ownerOf } from "./phrases.js";
import type { Problems } from "./problems.js";

/** What to do about a rule that is gone. */
const advice =
  "Remove connectum.auth.v1 and google.protobuf from the type filters of this plugin, of its input and of the command " +
  "(`exclude_types`, `types`, `--exclude-type`, `--type`).";

/**
 * Reports signs that access rules were written and are gone: type filters of buf remove options before the plugin sees
 * them, and a method without its rule would inherit another, or have none.
 *
 * A filter cannot remove a rule and leave the options proto whole. The other signs are for what is not buf.
 */
export function checkFilters(
  allFiles: readonly DescFile[],
  generated: readonly FileTables[],
  taken: ReadonlySet<number>,
  requireOptions: boolean,
  problems: Problems,
): void {
  const optionsProtos = allFiles.filter(isOptionsProto);
  const names = new Set([optionsProto.proto.name, ...optionsProtos.map(({ proto }) => proto.name)]);
  checkOptionsProto(optionsProtos, problems);
  for (const { file, tables } of generated) {
    const declarations = tables.flatMap(({ declaration, rows }) => [declaration, ...rows.map((row) => row.declaration)]);
    const withoutRule = declarations.filter(({ present, option }) => !present && !taken.has(option.number));
    checkPositions(file, withoutRule, optionsProtos.length > 0, problems);
    if (withoutRule.length > 0 && withoutRule.length === declarations.length) checkImport(file, names, problems);
  }
  const first = generated.find(({ tables }) => tables.length > 0);
  const hasRules = generated.some(({ tables }) =>
    tables.some(({ declaration, rows }) => declaration.present || rows.some((row) => row.declaration.present)),
  );
  if (optionsProtos.length > 0 || hasRules || first === undefined) return;
  problems.add(
    requireOptions ? "error" : "warning",
    { file: first.file, path: [] },
    `no file of this run imports ${optionsProto.proto.name}, so every method is unspecified. ` +
      `If the files import it, a filter removed it. ${advice}` +
      (requireOptions ? "" : " The option require_options=true makes this an error."),
  );
}

/** Only types can be filtered. Scalar fields that are not there belong to a later version. */
function checkOptionsProto(files: readonly DescFile[], problems: Problems): void {
  const [file] = files;
  if (file === undefined) return;
  const found = new Set(files.flatMap(namesIn));
  const missing = namesIn(optionsProto).filter((name) => !found.has(name));
  if (missing.length === 0) return;
  problems.add(
    "error",
    { file, path: [] },
    `the options proto lacks ${missing.join(", ")}: a filter removed part of it, and the rules that need it. ${advice} ` +
      "They may stay at protoc-gen-es.",
  );
}

/** Extensions, messages, and fields that are messages, by name. */
function namesIn({ extensions, messages }: DescFile): string[] {
  const fields = messages.flatMap((message) => message.fields.filter((field) => field.message !== undefined));
  return [
    ...extensions.map(({ name }) => name),
    ...messages.map(({ name }) => name),
    ...fields.map(({ parent, name }) => `${parent.name}.${name}`),
  ];
}

function checkPositions(
  file: DescFile,
  withoutRule: readonly Declaration[],
  hasOptionsProto: boolean,
  problems: Problems,
): void {
  const byRule = new Map(withoutRule.map((declaration) => [declaration.path.join(), declaration]));
  const byStatement = new Map(withoutRule.map((declaration) => [declaration.path.slice(0, -1).join(), declaration]));
  const locations = locationsOf(file);
  for (const [index, { path }] of locations.entries()) {
    // [service, its index, options, …] or [service, its index, method, its index, options, …]
    const depth = path[2] === 2 ? 5 : 3;
    if (path[0] !== 6 || path.length < depth) continue;
    const statement = path.slice(0, depth).join();
    const rule = byRule.get(path.slice(0, depth + 1).join());
    const orphan = byStatement.get(path.join());
    if (rule !== undefined) {
      byRule.delete(rule.path.join());
      problems.add(
        "error",
        { file, path },
        `${ownerOf(rule)}: ${rule.option.name} is written here, but the plugin did not receive it. ${advice}`,
      );
    } else if (orphan !== undefined && !hasOptionsProto && !isInside(locations[index + 1]?.path, statement)) {
      problems.add(
        "ambiguous",
        { file, path },
        `${ownerOf(orphan)}: an option is written here, but the plugin did not receive it. ` +
          `If it is an access rule: ${advice}`,
      );
    }
  }
  for (const declaration of withoutRule) {
    if (declaration.owner.proto.options?.uninterpretedOption.length) {
      problems.add(
        "error",
        { file, path: declaration.path },
        `${ownerOf(declaration)}: an option is not interpreted, so its rule is unknown. Compile the file with buf or protoc.`,
      );
    }
  }
}

function isInside(path: readonly number[] | undefined, parent: string): boolean {
  return path !== undefined && path.join().startsWith(`${parent},`);
}

/** An import that nothing uses: the file has services, and none of them has a rule. */
function checkImport(file: DescFile, names: ReadonlySet<string>, problems: Problems): void {
  const { dependency, optionDependency, publicDependency } = file.proto;
  const imported = dependency.findIndex((name, index) => names.has(name) && !publicDependency.includes(index));
  const imports = imported >= 0 || optionDependency.some((name) => names.has(name));
  if (!imports) return;
  problems.add(
    "ambiguous",
    { file, path: imported >= 0 ? [3, imported] : [] },
    `${file.proto.name} imports ${dependency[imported] ?? optionsProto.proto.name}, but no service or method has a rule. ` +
      `Delete the import. If the file has rules, a filter removed them: ${advice}`,
  );
}

import type { GeneratedFile, Target } from "@bufbuild/protoplugin";
import type { ServiceTable, Tables } from "../merge/merge.js";
import { readComments } from "../request/source-info.js";
import { literal } from "../text/literal.js";
import { printJson } from "../text/print-json.js";
import { fieldStyles, listText } from "./print-row.js";
import { printConstant } from "./print-table.js";

/** A permission, with the methods that need it, and the comment of the first one. */
interface CatalogueEntry {
  readonly name: string;
  description: string;
  readonly methods: string[];
}

/** Prints the permissions of a run, sorted by name, as JSON or as a module. */
export function printCatalogue(f: GeneratedFile, target: Target | "json", tables: Tables): void {
  const entries = collectPermissions([...tables.values()].flat());
  if (target === "json") {
    f.print(printJson(entries.map((entry) => ({ ...entry }))));
    return;
  }
  const [modifier, separator] = fieldStyles[target];
  const texts = entries.map(({ name, description, methods }) => {
    const members = [`name: ${literal(name)}`, `description: ${literal(description)}`];
    const fields = [...members, `methods: ${listText(methods, target, "    ")}`];
    return `  {\n${fields.map((field) => `    ${modifier}${field}${separator}\n`).join("")}  },\n`;
  });
  const list = `${modifier}[${texts.length === 0 ? "" : `\n${texts.join("")}`}]`;
  printConstant(f, target, "/** Permissions of all services, with the methods that need them. */", "permissions", list);
}

function collectPermissions(tables: readonly ServiceTable[]): CatalogueEntry[] {
  const found = new Map<string, CatalogueEntry>();
  const sorted = [...tables].sort((a, b) => (a.service.typeName < b.service.typeName ? -1 : 1));
  for (const { service, rows } of sorted) {
    const commentsAt = readComments(service.file);
    for (const row of rows) {
      for (const name of new Set([...row.permissions, ...row.anyPermissions])) {
        const entry = found.get(name) ?? { name, description: "", methods: [] };
        found.set(name, entry);
        entry.methods.push(`${service.typeName}/${row.method.name}`);
        // buf keeps no comments of options.
        if (entry.description === "") entry.description = commentsAt(row.declaration.path.slice(0, -2));
      }
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

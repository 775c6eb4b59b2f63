import { type DescFile, hasOption } from "@bufbuild/protobuf";
import type { Schema } from "@bufbuild/protoplugin";
import { method_auth, service_auth } from "../gen/connectum/auth/v1/options_pb.js";
import { invalid } from "../options/invalid.js";
import type { GeneratorOptions } from "../options/options.js";

const advice = (file: "registry" | "report") =>
  `Generate the ${file} in one run over all files: one input, \`strategy: all\`, no --path. ` +
  "Each input in buf.gen.yaml is a separate run";

/**
 * Throws an `Error` if the registry or a report would lack services.
 *
 * The plugin sees one run only. `registry_packages` lists the expected packages. Without it, an imported file with
 * access rules shows that the run is incomplete.
 */
export function checkRegistry({ files, allFiles, options }: Schema<GeneratorOptions>): void {
  const { strict, registry, reports, registryPackages: expected } = options;
  if (expected !== undefined) {
    const packages = files.filter(({ services }) => services.length > 0).map(({ proto }) => proto.package);
    const fail = (text: string) => invalid("registry_packages", expected.join("+"), `this run ${text}`);
    const missing = expected.find((name) => !packages.includes(name));
    if (missing !== undefined) throw fail(`has no service of package ${missing}. ${advice("registry")}`);
    const unlisted = packages.find((name) => !expected.includes(name));
    if (unlisted === undefined) return;
    throw fail(`also has services of package "${unlisted}". List it, or leave its files out`);
  }
  const generated = new Set(files);
  const missing = allFiles.find((file) => !generated.has(file) && hasRules(file));
  const key = registry === undefined ? "report" : "registry";
  const value = registry ?? reports[0];
  if (value === undefined || !strict || missing === undefined) return;
  const text = `the ${key} would lack services: this run imports ${missing.proto.name} but does not generate it`;
  const hint = "To cover some packages only, list them in registry_packages";
  throw invalid(key, value, `${text}. ${advice(key)}. ${hint}`);
}

/** Returns true if a service or a method of the file has a rule. */
function hasRules({ services }: DescFile): boolean {
  const methods = services.flatMap((service) => service.methods);
  return services.some((one) => hasOption(one, service_auth)) || methods.some((one) => hasOption(one, method_auth));
}

import { type DescFile, hasOption } from "@bufbuild/protobuf";
import type { Schema } from "@bufbuild/protoplugin";
import { method_auth, service_auth } from "../gen/connectum/auth/v1/options_pb.js";
import { type GeneratorOptions, invalid } from "../options/options.js";

const setUp =
  "Generate a registry in one run over all files: one input, `strategy: all`, no --path. " +
  "Every further input in buf.gen.yaml is a run of its own";

/**
 * Checks that a registry has every service that it should have. A plugin sees one run only: `registry_packages` says
 * what is due, and without it the files that the run imports show whether others are missing.
 */
export function checkRegistry({ files, allFiles, options }: Schema<GeneratorOptions>): void {
  const { strict, registry, registryPackages: due } = options;
  if (due !== undefined) {
    const packages = files.filter(({ services }) => services.length > 0).map(({ proto }) => proto.package);
    const fail = (text: string) => invalid("registry_packages", due.join("+"), `this run has ${text}. ${setUp}`);
    const missing = due.find((name) => !packages.includes(name));
    if (missing !== undefined) throw fail(`no service of package ${missing}`);
    const unlisted = packages.find((name) => !due.includes(name));
    if (unlisted !== undefined) throw fail(`services of package "${unlisted}" as well`);
    return;
  }
  const generated = new Set(files);
  const missing = allFiles.find((file) => !generated.has(file) && hasRules(file));
  if (registry === undefined || !strict || missing === undefined) return;
  const text = `this run only imports ${missing.proto.name}, which has access rules, so the registry would lack them`;
  throw invalid("registry", registry, `${text}. ${setUp}. For a part of the packages, name them in registry_packages`);
}

function hasRules({ services }: DescFile): boolean {
  const methods = services.flatMap((service) => service.methods);
  return services.some((one) => hasOption(one, service_auth)) || methods.some((one) => hasOption(one, method_auth));
}

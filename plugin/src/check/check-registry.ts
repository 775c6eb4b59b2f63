import { type DescFile, hasOption } from "@bufbuild/protobuf";
import { method_auth, service_auth } from "../gen/connectum/auth/v1/options_pb.js";
import { type GeneratorOptions, invalid } from "../options/options.js";

const setUp =
  "Generate a registry in one run over all files: one input, `strategy: all`, no `--path`. " +
  "In buf.gen.yaml, every further input is a run of its own.";

/**
 * Checks that a registry has every service that it should have.
 *
 * A plugin sees one run. Of what other runs write under the same name it sees at most the files that this run imports;
 * `registry_packages` says what is due.
 *
 * @throws GenerationError
 */
export function checkRegistry(
  files: readonly DescFile[],
  allFiles: readonly DescFile[],
  { strict, registry, registryPackages }: GeneratorOptions,
): void {
  if (registry === undefined) return;
  if (registryPackages !== undefined) {
    checkPackages(files, registryPackages);
    return;
  }
  const generated = new Set(files);
  const missing = allFiles.find((file) => !generated.has(file) && hasRules(file));
  if (missing === undefined || !strict) return;
  throw invalid(
    "registry",
    registry,
    `${missing.proto.name} has access rules, but this run only imports it, so the registry would be incomplete. ${setUp} ` +
      "If a partial registry is meant, name its packages with registry_packages",
  );
}

function checkPackages(files: readonly DescFile[], packages: readonly string[]): void {
  const generated = new Set(files.filter(({ services }) => services.length > 0).map(({ proto }) => proto.package));
  const fail = (reason: string) => invalid("registry_packages", packages.join("+"), reason);
  const missing = packages.find((name) => !generated.has(name));
  if (missing !== undefined) throw fail(`this run has no service of package ${missing}. ${setUp}`);
  const unlisted = [...generated].find((name) => !packages.includes(name));
  if (unlisted !== undefined) throw fail(`this run has services of package "${unlisted}" as well. Add it to the list`);
}

function hasRules(file: DescFile): boolean {
  return file.services.some(
    (service) =>
      hasOption(service, service_auth) || service.methods.some((method) => hasOption(method, method_auth)),
  );
}

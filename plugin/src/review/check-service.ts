import { create } from "@bufbuild/protobuf";
import type { Place } from "../check/problems.js";
import {
  type Annotation,
  AnnotationSchema,
  type CheckRequest,
  type CheckResponse,
  CheckResponseSchema,
  type ListCategoriesResponse,
  ListCategoriesResponseSchema,
  type ListRulesResponse,
  ListRulesResponseSchema,
} from "../gen/buf/plugin/check/v1/check_pb.js";
import type { FileLocation } from "../gen/buf/plugin/descriptor/v1/descriptor_pb.js";
import { knownPathOf } from "../request/source-info.js";
import { compare } from "./breaking.js";
import { lint } from "./lint.js";
import { readFiles } from "./read-files.js";
import { ReviewOptionError, readReviewOptions } from "./review-options.js";
import { categories, type ReviewRule, rules } from "./rules.js";

const allRules: readonly ReviewRule[] = Object.values(rules);

/** Lists the rules for buf. */
export function listRules(): ListRulesResponse {
  return create(ListRulesResponseSchema, {
    rules: allRules.map(({ id, type, isDefault, purpose }) => ({
      ...{ id, purpose, default: isDefault },
      categoryIds: [categories[type].id],
      type: type === "lint" ? 1 : 2,
    })),
  });
}

/** Lists the categories for buf. */
export function listCategories(): ListCategoriesResponse {
  return create(ListCategoriesResponseSchema, { categories: Object.values(categories) });
}

/**
 * Checks a schema by the rules that buf asks for.
 *
 * @throws ReviewOptionError for a wrong option, and for a rule that does not exist.
 */
export function check(request: CheckRequest): CheckResponse {
  const { fileDescriptors, againstFileDescriptors, ruleIds } = request;
  const options = readReviewOptions(request.options);
  const unknown = ruleIds.find((id) => !allRules.some((rule) => rule.id === id));
  if (unknown !== undefined) throw new ReviewOptionError(`unknown rule ${JSON.stringify(unknown)}`);
  const isWanted = (rule: ReviewRule) => (ruleIds.length === 0 ? rule.isDefault : ruleIds.includes(rule.id));
  const wants = (type: ReviewRule["type"]) => allRules.some((rule) => rule.type === type && isWanted(rule));
  const current = readFiles(fileDescriptors);
  const findings = wants("lint") ? lint(current.files, current.allFiles, options) : [];
  if (againstFileDescriptors.length > 0 && wants("breaking")) {
    findings.push(...compare(current, readFiles(againstFileDescriptors)));
  }
  const annotations = findings
    .filter(({ rule }) => isWanted(rules[rule]))
    .map(({ rule, message, place, against }): Annotation => {
      const againstFileLocation = against && locate(against);
      const base = { ruleId: rules[rule].id, message, fileLocation: locate(place) };
      return create(AnnotationSchema, { ...base, ...(againstFileLocation && { againstFileLocation }) });
    });
  return create(CheckResponseSchema, { annotations });
}

/** buf resolves a path only if the compiler has a position for it. */
function locate({ file, path }: Place): Pick<FileLocation, "fileName" | "sourcePath"> {
  return { fileName: file.proto.name, sourcePath: [...knownPathOf(file, path)] };
}

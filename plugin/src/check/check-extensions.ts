import type { DescExtension, DescFile, DescMessage } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { method_auth, service_auth } from "../gen/connectum/auth/v1/options_pb.js";
import type { Path } from "../request/source-info.js";
import { importAdvice } from "./check-option.js";
import type { Problems } from "./problems.js";

/**
 * Reports other extensions with our numbers, and our extensions with other numbers.
 *
 * Returns the foreign numbers: those of ours that another extension claims. Their options are not access rules.
 *
 * @example
 * // extend google.protobuf.MethodOptions { optional string mine = 50100; }
 * const foreignNumbers = checkExtensions(allFiles, problems);
 * foreignNumbers.has(50100); // true, and `problems` has an error at the position of `mine`
 */
export function checkExtensions(files: readonly DescFile[], problems: Problems): ReadonlySet<number> {
  const foreignNumbers = new Set<number>();
  for (const extension of files.flatMap((file) => [...nestedTypes(file)])) {
    if (extension.kind !== "extension") continue;
    for (const own of [method_auth, service_auth]) {
      const { typeName, extendee, number, file } = extension;
      const claimsNumber = extendee.typeName === own.extendee.typeName && number === own.number;
      if (claimsNumber === (typeName === own.typeName)) continue;
      if (claimsNumber) foreignNumbers.add(number);
      const problem = claimsNumber
        ? `claims number ${number} of ${extendee.typeName}, which belongs to ${own.typeName}. ` +
          "Its values would be read as access rules. Give it another number."
        : `has number ${number} of ${extendee.typeName}, but the plugin reads number ${own.number} of ` +
          `${own.extendee.typeName}, so its values would be ignored. ${importAdvice}`;
      problems.add("error", { file, path: pathOf(extension) }, `extension ${typeName} ${problem}`);
    }
  }
  return foreignNumbers;
}

/** Returns the path of an extension in SourceCodeInfo. */
function pathOf({ parent, file, proto }: DescExtension): Path {
  if (parent === undefined) return [7, file.proto.extension.indexOf(proto)];
  return [...pathOfMessage(parent), 6, parent.proto.extension.indexOf(proto)];
}

function pathOfMessage({ parent, file, proto }: DescMessage): Path {
  if (parent === undefined) return [4, file.proto.messageType.indexOf(proto)];
  return [...pathOfMessage(parent), 3, parent.proto.nestedType.indexOf(proto)];
}

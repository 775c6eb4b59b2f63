import type { DescExtension, DescFile, DescMessage } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { method_auth, service_auth } from "../gen/connectum/auth/v1/options_pb.js";
import type { Path } from "../request/source-info.js";
import { useOurs } from "./check-option.js";
import type { Problems } from "./problems.js";

/** Reports extensions that claim our numbers, or our names with other numbers. Returns the numbers that are taken. */
export function checkExtensions(files: readonly DescFile[], problems: Problems): ReadonlySet<number> {
  const taken = new Set<number>();
  for (const extension of files.flatMap((file) => [...nestedTypes(file)])) {
    if (extension.kind !== "extension") continue;
    for (const own of [method_auth, service_auth]) {
      const { typeName, extendee, number, file } = extension;
      const claimsNumber = extendee.typeName === own.extendee.typeName && number === own.number;
      if (claimsNumber === (typeName === own.typeName)) continue;
      if (claimsNumber) taken.add(number);
      const problem = claimsNumber
        ? `claims number ${number} of ${extendee.typeName}, which belongs to ${own.typeName}. ` +
          "Its values would be read as access rules. Give it another number."
        : `has number ${number} of ${extendee.typeName}, but the plugin reads number ${own.number} of ` +
          `${own.extendee.typeName}, so its values would be ignored. ${useOurs}`;
      problems.add("error", { file, path: pathOf(extension) }, `extension ${typeName} ${problem}`);
    }
  }
  return taken;
}

function pathOf({ parent, file, proto }: DescExtension): Path {
  if (parent === undefined) return [7, file.proto.extension.indexOf(proto)];
  return [...pathOfMessage(parent), 6, parent.proto.extension.indexOf(proto)];
}

function pathOfMessage({ parent, file, proto }: DescMessage): Path {
  if (parent === undefined) return [4, file.proto.messageType.indexOf(proto)];
  return [...pathOfMessage(parent), 3, parent.proto.nestedType.indexOf(proto)];
}

import type { DescExtension, DescFile, DescMessage } from "@bufbuild/protobuf";
import { nestedTypes } from "@bufbuild/protobuf/reflect";
import { method_auth, service_auth } from "../gen/connectum/auth/v1/options_pb.js";
import type { Path } from "../request/source-info.js";
import type { Problems } from "./problems.js";

/** The extensions whose values are access rules: nothing else may be read as one. */
const ours: readonly DescExtension[] = [method_auth, service_auth];

/**
 * Reports extensions that claim our numbers, or our names with other numbers.
 *
 * @returns the numbers whose values belong to another extension.
 */
export function checkExtensions(files: readonly DescFile[], problems: Problems): ReadonlySet<number> {
  const taken = new Set<number>();
  for (const file of files) {
    for (const type of nestedTypes(file)) {
      if (type.kind !== "extension") continue;
      for (const own of ours) {
        const isOurs = type.typeName === own.typeName;
        const claimsNumber = type.extendee.typeName === own.extendee.typeName && type.number === own.number;
        if (isOurs === claimsNumber) continue;
        const field = `number ${type.number} of ${type.extendee.typeName}`;
        if (claimsNumber) taken.add(type.number);
        problems.add(
          "error",
          { file, path: pathOf(type) },
          claimsNumber
            ? `extension ${type.typeName} claims ${field}, which belongs to ${own.typeName}. ` +
                "Its values would be read as access rules. Give it another number."
            : `extension ${type.typeName} has ${field}, but the plugin reads number ${own.number} of ` +
                `${own.extendee.typeName}, so its values would be ignored. ` +
                "Import the connectum/auth/v1/options.proto that comes with the plugin.",
        );
      }
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

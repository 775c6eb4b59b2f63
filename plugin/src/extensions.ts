import type { Problems } from "./problems.js";
import { methodAuthNumber, pathOf, type RequestFile, serviceAuthNumber } from "./request.js";
import { readMessage } from "./wire.js";

/** The extensions whose values are access rules: nothing else may be read as one. */
const ours = [
  { name: "connectum.auth.v1.method_auth", extendee: "google.protobuf.MethodOptions", number: methodAuthNumber },
  { name: "connectum.auth.v1.service_auth", extendee: "google.protobuf.ServiceOptions", number: serviceAuthNumber },
] as const;

/**
 * Reports extensions that claim our numbers, or our names with other numbers.
 *
 * @returns the numbers whose values cannot be trusted to be ours.
 */
export function checkExtensions(files: readonly RequestFile[], problems: Problems): ReadonlySet<number> {
  const taken = new Set<number>();
  for (const file of files) {
    if (!ours.some(({ extendee }) => file.bytes.includes(extendee))) continue;
    for (const extension of readExtensions(file)) {
      const { name, extendee, number, path } = extension;
      for (const own of ours) {
        const isOurs = name === own.name;
        const claimsNumber = extendee === own.extendee && number === own.number;
        if (isOurs === claimsNumber) continue;
        const field = `number ${number} of ${extendee}`;
        if (claimsNumber) taken.add(number);
        problems.add(
          "error",
          { file, path },
          claimsNumber
            ? `extension ${name} claims ${field}, which is that of ${own.name}; ` +
                `its values would be read as access rules today; give it another number`
            : `extension ${name} has ${field}, but the plugin reads number ${own.number} of ${own.extendee}; ` +
                "its values are ignored today; import connectum/auth/v1/options.proto as it comes with the plugin",
        );
      }
    }
  }
  return taken;
}

interface Extension {
  readonly name: string;
  readonly extendee: string;
  readonly number: number;
  readonly path: readonly number[];
}

/** Reads the extensions that a file declares, at the top and in its messages. */
function readExtensions(file: RequestFile): Extension[] {
  const found: Extension[] = [];
  let pkg = "";
  readMessage(file.bytes, (field, reader) => {
    if (field !== pathOf.package) return false;
    pkg = reader.string();
    return true;
  });
  readScope(file.bytes, pkg, [], pathOf.messages, pathOf.extensions, found);
  return found;
}

/** Reads the extensions of a file or a message, and of the messages in it. */
function readScope(
  bytes: Uint8Array,
  scope: string,
  path: readonly number[],
  messagesField: number,
  extensionsField: number,
  found: Extension[],
): void {
  let messages = 0;
  let extensions = 0;
  readMessage(bytes, (field, reader) => {
    if (field === extensionsField) {
      found.push(readExtension(reader.bytes(), scope, [...path, field, extensions++]));
    } else if (field === messagesField) {
      const message = reader.bytes();
      const inner = qualify(scope, readName(message));
      readScope(message, inner, [...path, field, messages++], pathOf.nestedMessages, pathOf.nestedExtensions, found);
    } else {
      return false;
    }
    return true;
  });
}

function readExtension(bytes: Uint8Array, scope: string, path: readonly number[]): Extension {
  let extendee = "";
  let number = 0;
  readMessage(bytes, (field, reader) => {
    if (field === 2) extendee = reader.string().replace(/^\./, "");
    else if (field === 3) number = reader.int32();
    else return false;
    return true;
  });
  return { name: qualify(scope, readName(bytes)), extendee, number, path };
}

function readName(bytes: Uint8Array): string {
  let name = "";
  readMessage(bytes, (field, reader) => {
    if (field !== 1) return false;
    name = reader.string();
    return true;
  });
  return name;
}

function qualify(scope: string, name: string): string {
  return scope === "" ? name : `${scope}.${name}`;
}

import { type BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { methodAuthNumber, type ProtoMethod, type ProtoService, pathOf, serviceAuthNumber } from "./request.js";
import { readMessage } from "./wire.js";

/** Roles and scopes that a caller must hold. */
export interface Requirements {
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
}

/** What one option says. A field is undefined where the option does not set it: presence counts, not truth. */
export interface Access {
  public: boolean | undefined;
  internal: boolean | undefined;
  requires: Requirements | undefined;
  policy: string | undefined;
}

export type AccessField = keyof Access;

/** The option of one method or service, decoded. */
export interface Declaration extends Access {
  readonly owner: ProtoMethod | ProtoService;
  readonly option: OptionMessage;
  /** Paths of fields that this version does not know, below the option. */
  readonly unknown: readonly (readonly number[])[];
  /** Whether the bytes are no option message at all. */
  readonly malformed: boolean;
}

/** A message of options.proto, as far as it can be read without descriptors: its names and numbers never change. */
export interface OptionMessage {
  readonly name: "method_auth" | "service_auth";
  readonly message: "MethodAuth" | "ServiceAuth";
  /** Where the option is in SourceCodeInfo, below its method or service. */
  readonly path: readonly number[];
  readonly fields: { readonly [F in AccessField]: { readonly name: string; readonly number: number } };
}

export const methodAuth: OptionMessage = {
  name: "method_auth",
  message: "MethodAuth",
  path: [pathOf.methodOptions, methodAuthNumber],
  fields: {
    public: { name: "public", number: 1 },
    internal: { name: "internal", number: 4 },
    requires: { name: "requires", number: 2 },
    policy: { name: "policy", number: 3 },
  },
};

export const serviceAuth: OptionMessage = {
  name: "service_auth",
  message: "ServiceAuth",
  path: [pathOf.serviceOptions, serviceAuthNumber],
  fields: {
    public: { name: "public", number: 3 },
    internal: { name: "internal", number: 4 },
    requires: { name: "default_requires", number: 2 },
    policy: { name: "default_policy", number: 1 },
  },
};

/** Numbers of the fields of AuthRequirements. */
export const requirementsFields = { roles: 1, scopes: 2 } as const;

/** Decodes the option of a method or a service. Without one, nothing is said. */
export function declare(
  owner: ProtoMethod | ProtoService,
  option: OptionMessage,
  bytes: Uint8Array | undefined,
): Declaration {
  const said: Access = { public: undefined, internal: undefined, requires: undefined, policy: undefined };
  const unknown: number[][] = [];
  let malformed = false;
  if (bytes !== undefined) {
    try {
      readOption(bytes, option, said, unknown);
    } catch {
      malformed = true;
    }
  }
  return { owner, option, ...said, unknown, malformed };
}

function readOption(bytes: Uint8Array, option: OptionMessage, said: Access, unknown: number[][]): void {
  const { fields } = option;
  const roles: string[] = [];
  const scopes: string[] = [];
  readMessage(bytes, (field, reader, wireType) => {
    const isBool = wireType === WireType.Varint;
    const isBytes = wireType === WireType.LengthDelimited;
    if (field === fields.public.number && isBool) {
      said.public = reader.bool();
    } else if (field === fields.internal.number && isBool) {
      said.internal = reader.bool();
    } else if (field === fields.policy.number && isBytes) {
      said.policy = readText(reader);
    } else if (field === fields.requires.number && isBytes) {
      said.requires = { roles, scopes };
      readRequirements(reader.bytes(), roles, scopes, (inner) => unknown.push([field, inner]));
    } else {
      unknown.push([field]);
      return false;
    }
    return true;
  });
}

function readRequirements(
  bytes: Uint8Array,
  roles: string[],
  scopes: string[],
  addUnknown: (field: number) => void,
): void {
  readMessage(bytes, (field, reader, wireType) => {
    const isBytes = wireType === WireType.LengthDelimited;
    if (field === requirementsFields.roles && isBytes) {
      roles.push(readText(reader));
    } else if (field === requirementsFields.scopes && isBytes) {
      scopes.push(readText(reader));
    } else {
      addUnknown(field);
      return false;
    }
    return true;
  });
}

/** Reads text that must be exactly what was written: broken UTF-8 throws. */
function readText(reader: BinaryReader): string {
  return reader.string(true);
}

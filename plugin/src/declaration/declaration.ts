import type { DescExtension, DescField, DescMethod, DescService } from "@bufbuild/protobuf";
import { getOption, isFieldSet } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import * as options from "../gen/connectum/auth/v1/options_pb.js";
import type { Path } from "../request/source-info.js";
import { findWireFaults, type WireFault } from "./wire-faults.js";

/** The fields of one option. An unset field is undefined: `public: false` differs from no `public`. */
export interface AccessFields {
  readonly public: boolean | undefined;
  readonly internal: boolean | undefined;
  readonly requires: options.AuthRequirements | undefined;
  readonly policy: string | undefined;
  readonly condition: string | undefined;
  readonly resource: string | undefined;
  /** Undefined if it is empty: an empty list cannot be set. */
  readonly credentials: readonly string[] | undefined;
}

/** The name of a field, the same for methods and services. */
export type AccessField = keyof AccessFields;

/** The decoded option of one method or service. */
export interface Declaration extends AccessFields {
  readonly owner: DescMethod | DescService;
  /** `method_auth` or `service_auth`. */
  readonly option: DescExtension;
  /** Whether the service's condition and resource do not apply. Undefined for a service. */
  readonly exempt: boolean | undefined;
  /** The descriptors of the option's fields. */
  readonly fields: { readonly [F in AccessField]: DescField };
  /** The path of the option in SourceCodeInfo. */
  readonly path: Path;
  /** The fields of an absent or malformed option are undefined. */
  readonly state: "absent" | "present" | "malformed";
  /** Fields that this version cannot decode. */
  readonly faults: readonly WireFault[];
}

/** The field of `method_auth` without a twin in `service_auth`. */
export const exemptField: DescField = options.MethodAuthSchema.field.exempt;
const { exempt: _, ...methodFields } = options.MethodAuthSchema.field;
const { defaultRequires: requires, defaultPolicy: policy, ...sameNames } = options.ServiceAuthSchema.field;

/** The fields of `service_auth`, under the names of `method_auth`. */
export const serviceFields: Declaration["fields"] = { ...sameNames, requires, policy };

/**
 * Decodes the option of a method or a service. Throws nothing: `state` and `faults` report undecodable options.
 *
 * @param path - the path of the owner in SourceCodeInfo.
 * @param foreignNumbers - the extension numbers of other extensions. Their options count as absent.
 *
 * @example
 * // option (connectum.auth.v1.method_auth) = {public: true};
 * const { state, public: isPublic, requires } = readDeclaration(method, [6, 0, 2, 0], new Set());
 * state; // "present"
 * isPublic; // true
 * requires; // undefined: not set
 */
export function readDeclaration(
  owner: DescMethod | DescService,
  path: Path,
  foreignNumbers: ReadonlySet<number>,
): Declaration {
  const isMethod = owner.kind === "rpc";
  const option = isMethod ? options.method_auth : options.service_auth;
  const schema = isMethod ? options.MethodAuthSchema : options.ServiceAuthSchema;
  const base = {
    owner,
    option,
    fields: isMethod ? methodFields : serviceFields,
    path: [...path, isMethod ? 4 : 3, option.number],
    ...{ public: undefined, internal: undefined, requires: undefined, policy: undefined },
    ...{ condition: undefined, resource: undefined, credentials: undefined, exempt: undefined, faults: [] },
  };
  const occurrences = owner.proto.options?.$unknown?.filter(({ no }) => no === option.number) ?? [];
  if (occurrences.length === 0 || foreignNumbers.has(option.number)) return { ...base, state: "absent" };
  try {
    const faults = occurrences.flatMap(({ wireType, data }) => {
      if (wireType !== WireType.LengthDelimited) throw new Error("not a message");
      return findWireFaults(new BinaryReader(data).bytes(), schema);
    });
    // Decode an option with unknown fields, but not one with a field of the wrong type.
    const values = faults.some(({ field }) => field !== undefined) ? {} : readFields(owner);
    return { ...base, ...values, faults, state: "present" };
  } catch {
    return { ...base, state: "malformed" };
  }
}

function readFields(owner: DescMethod | DescService): AccessFields & Pick<Declaration, "exempt"> {
  const isMethod = owner.kind === "rpc";
  const auth = isMethod ? getOption(owner, options.method_auth) : getOption(owner, options.service_auth);
  const fields = isMethod ? options.MethodAuthSchema.field : serviceFields;
  const read = (field: DescField) => (isFieldSet(auth, field) ? Reflect.get(auth, field.localName) : undefined);
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, read(field)]),
  ) as unknown as ReturnType<typeof readFields>;
}

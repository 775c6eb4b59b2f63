import type { DescExtension, DescField, DescMethod, DescService } from "@bufbuild/protobuf";
import { getOption, isFieldSet } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import * as options from "../gen/connectum/auth/v1/options_pb.js";
import type { Path } from "../request/source-info.js";
import { findWireFaults, type WireFault } from "./wire-faults.js";

/** The settings of one option. A field is undefined where the option does not set it: presence counts, not truth. */
export interface Access {
  readonly public: boolean | undefined;
  readonly internal: boolean | undefined;
  readonly requires: options.AuthRequirements | undefined;
  readonly policy: string | undefined;
}

export type AccessField = keyof Access;

/** The option of one method or service, decoded. */
export interface Declaration extends Access {
  readonly owner: DescMethod | DescService;
  /** `method_auth` or `service_auth`. */
  readonly option: DescExtension;
  readonly fields: { readonly [F in AccessField]: DescField };
  /** Where the option is in SourceCodeInfo. */
  readonly path: Path;
  readonly state: "absent" | "present" | "malformed";
  /** Fields that this version cannot read. */
  readonly faults: readonly WireFault[];
}

const methodFields: Declaration["fields"] = options.MethodAuthSchema.field;
const { defaultRequires: requires, defaultPolicy: policy, ...sameNames } = options.ServiceAuthSchema.field;
export const serviceFields: Declaration["fields"] = { ...sameNames, requires, policy };

/** Decodes the option of a method or a service. Numbers that are taken belong to another extension, and are not read. */
export function declare(owner: DescMethod | DescService, path: Path, taken: ReadonlySet<number>): Declaration {
  const isMethod = owner.kind === "rpc";
  const option = isMethod ? options.method_auth : options.service_auth;
  const schema = isMethod ? options.MethodAuthSchema : options.ServiceAuthSchema;
  const base = {
    owner,
    option,
    fields: isMethod ? methodFields : serviceFields,
    path: [...path, isMethod ? 4 : 3, option.number],
    ...{ public: undefined, internal: undefined, requires: undefined, policy: undefined, faults: [] },
  };
  const values = owner.proto.options?.$unknown?.filter(({ no }) => no === option.number) ?? [];
  if (values.length === 0 || taken.has(option.number)) return { ...base, state: "absent" };
  try {
    const faults = values.flatMap(({ wireType, data }) => {
      if (wireType !== WireType.LengthDelimited) throw new Error("not a message");
      return findWireFaults(new BinaryReader(data).bytes(), schema);
    });
    // An unknown field is skipped. A field of another type cannot be decoded.
    const access = faults.some(({ field }) => field !== undefined) ? {} : read(owner, base.fields);
    return { ...base, ...access, faults, state: "present" };
  } catch {
    return { ...base, state: "malformed" };
  }
}

function read(owner: DescMethod | DescService, fields: Declaration["fields"]): Access {
  const auth = owner.kind === "rpc" ? getOption(owner, options.method_auth) : getOption(owner, options.service_auth);
  const said = (field: DescField) => (isFieldSet(auth, field) ? Reflect.get(auth, field.localName) : undefined);
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, said(field)])) as unknown as Access;
}

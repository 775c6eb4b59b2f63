import {
  type DescField,
  type DescMessage,
  type DescMethod,
  type DescService,
  getOption,
  isFieldSet,
} from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import {
  type AuthRequirements,
  MethodAuthSchema,
  method_auth,
  ServiceAuthSchema,
  service_auth,
} from "../gen/connectum/auth/v1/options_pb.js";
import type { Path } from "../request/source-info.js";
import { findWireFaults, type WireFault } from "./wire-faults.js";

/** The settings of one option. A field is undefined where the option does not set it: presence counts, not truth. */
export interface Access {
  readonly public: boolean | undefined;
  readonly internal: boolean | undefined;
  readonly requires: AuthRequirements | undefined;
  readonly policy: string | undefined;
}

export type AccessField = keyof Access;

/** The option of one method or service, decoded. */
export interface Declaration extends Access {
  readonly owner: DescMethod | DescService;
  readonly option: OptionKind;
  /** Where the option is in SourceCodeInfo. */
  readonly path: Path;
  /** Whether the owner has the option. */
  readonly present: boolean;
  /** Fields that this version cannot read. */
  readonly faults: readonly WireFault[];
  /** Whether the bytes are not an option message. */
  readonly malformed: boolean;
}

/** One of the two options, and its fields by the part that they play in the merge. */
export interface OptionKind {
  readonly name: "method_auth" | "service_auth";
  readonly number: number;
  readonly message: DescMessage;
  /** Number of `options` in the descriptor of a method or a service. */
  readonly optionsField: number;
  readonly fields: { readonly [F in AccessField]: DescField };
}

export const methodAuth: OptionKind = {
  name: "method_auth",
  number: method_auth.number,
  message: MethodAuthSchema,
  optionsField: 4,
  fields: MethodAuthSchema.field,
};

const { defaultRequires, defaultPolicy, ...sameNames } = ServiceAuthSchema.field;

export const serviceAuth: OptionKind = {
  name: "service_auth",
  number: service_auth.number,
  message: ServiceAuthSchema,
  optionsField: 3,
  fields: { ...sameNames, requires: defaultRequires, policy: defaultPolicy },
};

const silence: Access = { public: undefined, internal: undefined, requires: undefined, policy: undefined };

/**
 * Decodes the option of a method or a service.
 *
 * @param path - of the owner.
 * @param taken - extension numbers whose values belong to another extension, and are not read.
 */
export function declare(owner: DescMethod | DescService, path: Path, taken: ReadonlySet<number>): Declaration {
  const option = owner.kind === "rpc" ? methodAuth : serviceAuth;
  const values = owner.proto.options?.$unknown?.filter(({ no }) => no === option.number) ?? [];
  const present = values.length > 0 && !taken.has(option.number);
  const base = { owner, option, path: [...path, option.optionsField, option.number], present };
  if (!present) return { ...base, ...silence, faults: [], malformed: false };
  try {
    const faults = values.flatMap(({ wireType, data }) => {
      if (wireType !== WireType.LengthDelimited) throw new Error("not a message");
      return findWireFaults(new BinaryReader(data).bytes(), option.message);
    });
    // A field of another type cannot be decoded; an unknown one is only skipped.
    const access = faults.some(({ field }) => field !== undefined) ? silence : read(owner);
    return { ...base, ...access, faults, malformed: false };
  } catch {
    return { ...base, ...silence, faults: [], malformed: true };
  }
}

function read(owner: DescMethod | DescService): Access {
  if (owner.kind === "rpc") {
    const auth = getOption(owner, method_auth);
    const { field } = MethodAuthSchema;
    return {
      public: isFieldSet(auth, field.public) ? auth.public : undefined,
      internal: isFieldSet(auth, field.internal) ? auth.internal : undefined,
      requires: auth.requires,
      policy: isFieldSet(auth, field.policy) ? auth.policy : undefined,
    };
  }
  const auth = getOption(owner, service_auth);
  const { field } = ServiceAuthSchema;
  return {
    public: isFieldSet(auth, field.public) ? auth.public : undefined,
    internal: isFieldSet(auth, field.internal) ? auth.internal : undefined,
    requires: auth.defaultRequires,
    policy: isFieldSet(auth, field.defaultPolicy) ? auth.defaultPolicy : undefined,
  };
}

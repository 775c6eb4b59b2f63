import { sharedSecretTrust } from "@connectum/auth";
import { describe, expect, test } from "vitest";

const right = { callers: { billing: "the-secret-of-billing" } };

describe("a misspelled option is a check left out: it is refused, and the message says what was meant", () => {
  const near = "Did you mean header?";
  const far = "It takes header, callers, mapCaller";
  test.each([
    ["Header", near],
    ["HEADER", near],
    ["headers", near],
    ["headerss", near],
    ["headersss", far],
    ["xxheader", near],
    ["xxxheader", far],
    ["hexxader", near],
    ["heade", near],
    ["head", near],
    ["hea", far],
    ["ader", near],
    ["der", far],
    ["haeder", near],
    ["hxxder", near],
    ["hxxxer", far],
    ["headre", near],
    ["hedaerx", far],
    ["caller", "Did you mean callers?"],
    ["mapcalller", "Did you mean mapCaller?"],
    ["", far],
    ["secret", far],
    ["constructor", far],
    ["toString", far],
    ["__proto__", far],
  ])("%j: %s", (name, hint) => {
    const options = { ...right };
    Object.defineProperty(options, name, { value: "x", enumerable: true });
    expect(() => sharedSecretTrust(options)).toThrow(
      new TypeError(`${name}: unknown option of sharedSecretTrust. ${hint}`),
    );
  });
  test("and without it, the options are right", () => {
    expect(() => sharedSecretTrust(right)).not.toThrow();
    expect(() => sharedSecretTrust({ ...right, header: "x-secret" })).not.toThrow();
  });
});

test.each([
  [undefined, "undefined"],
  [null, "null"],
  ["header", '"header"'],
  [7, "7"],
  [[right], "a list"],
])("%j is no object of options", (options, got) => {
  expect(() => sharedSecretTrust(options as never)).toThrow(
    new TypeError(`sharedSecretTrust: expected a plain object, got ${got}`),
  );
});

import { beforeAll, describe, expect, test } from "vitest";
import type { PluginResult } from "../generator/run-plugin.js";
import { compile } from "../generator/schema.js";
import { generate, serviceProto } from "./run-overlay.js";

let run: (options: string) => PluginResult;
beforeAll(() => {
  const schema = compile({ "a/a.proto": serviceProto({ Get: "requires: {}" }) });
  run = (options) => generate(schema, ["a/a.proto"], options);
});

const outside = "the file must be inside the output folder. Write a relative path with / and without . or ..";
const ending = "write a name that ends with .yaml, .yml or .json";
const scheme = "write the name of a security scheme of the OpenAPI document: letters, digits and . _ -";
const alone = "it has no effect without openapi_overlay. Add openapi_overlay=auth.overlay.yaml";

describe("an option that is wrong says what to write", () => {
  test.each([
    ["openapi_overlay=", "write the name of the file, for example openapi_overlay=auth.overlay.yaml"],
    ["openapi_overlay=/etc/a.yaml", outside],
    ["openapi_overlay=../a.yaml", outside],
    ["openapi_overlay=a//a.yaml", outside],
    ["openapi_overlay=a.yaml/", outside],
    ["openapi_overlay=a b.yaml", "use only letters, digits and . _ - @ + / in the path"],
    ["openapi_overlay=auth", ending],
    ["openapi_overlay=auth.ts", ending],
    ["openapi_overlay=auth.yaml.txt", ending],
    ["openapi_overlay=auth.YAML", ending],
    ["openapi_overlay=.yaml", "write a name before the extension"],
    ["openapi_overlay=a/.json", "write a name before the extension"],
    ["openapi_security_scheme=", scheme],
    ["openapi_security_scheme=o auth", scheme],
    ["openapi_security_scheme=a/b", scheme],
    ["openapi_security_scheme=$ref'", scheme],
    ["openapi_security_scheme=oauth", alone],
  ])("%s", (option, reason) => {
    const shown = option === "openapi_security_scheme=" ? "openapi_security_scheme" : option;
    const { error, files } = run(option);
    expect(error).toBe(`invalid option ${JSON.stringify(shown)}: ${reason}`);
    expect(files.size).toBe(0);
  });

  test("a file that the run writes already", () => {
    const { error, files } = run("catalogue=a.json,openapi_overlay=a.json");
    expect(error).toBe('invalid option "openapi_overlay=a.json": a.json is generated already. Write another name');
    expect(files.size).toBe(0);
  });
});

describe("the file is written once for all targets", () => {
  test.each(["auth.overlay.yaml", "docs/auth.yml", "auth-1@2+3.json", "a/a_auth.ts.json"])("%s", (file) => {
    const { error, files } = run(
      `target=ts+js+dts,registry=all,openapi_overlay=${file},openapi_security_scheme=o.a-u_th`,
    );
    expect(error).toBe("");
    expect([...files.keys()].filter((name) => !/\.(ts|js)$/.test(name))).toEqual([file]);
    expect(files.get(file)).toContain("o.a-u_th");
  });

  test("and not without the option", () => {
    expect([...run("strict=true").files.keys()]).toEqual(["a/a_auth.ts"]);
  });
});

/** Name and version of the plugin, as in its package.json. */
export const pluginName = "protoc-gen-connectum-auth";
export const pluginVersion = "v0.1.0";

/** The text of `--help`. */
export const help: string = `${pluginName} ${pluginVersion}

Compiles the access rules in .proto files (connectum.auth.v1) into static policy tables.
buf or protoc starts it, and talks to it over standard input and output.

buf.gen.yaml, then npx buf generate:
  version: v2
  plugins:
    - local: ${pluginName}
      out: src/gen
      opt: [target=ts]
      strategy: all

With protoc:
  protoc -I proto -I node_modules/@connectum/auth/proto \\
    --plugin=node_modules/.bin/${pluginName} \\
    --connectum-auth_out=src/gen --connectum-auth_opt=target=ts shop/v1/orders.proto

Options:
  target=ts|js|dts        languages to write, joined by +; by default js+dts
  strict=false            report an ambiguous schema as a warning; by default an error
  require_options=true    report a run in which no file has access rules as an error; by default a warning
  registry=NAME           also write one file with the tables of the whole run
  registry_packages=a+b   fail unless the registry covers exactly these packages
  and all options of protobuf-es plugins

  --version, --help`;

/** Name and version of the plugin. The version is that of its package.json. */
export const pluginName = "protoc-gen-connectum-auth";
export const pluginVersion = "v0.1.0";

/** The output of `--help`. */
export const help: string = `${pluginName} ${pluginVersion}

Compiles the access rules in .proto files (connectum.auth.v1) into static policy tables.
buf and protoc start it; it reads standard input and writes standard output.

With buf: write buf.gen.yaml, then run npx buf generate.

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
  target=ts|js|dts        files to write, joined by +; default: js+dts
  strict=false            report an ambiguous schema as a warning; default: an error
  require_options=true    fail if a run with services has no access rules; default: a warning
  registry=NAME           also write one file with the tables of the run
  catalogue=NAME          also write the permissions of the run, as .json or a module
  openapi_overlay=NAME    also write an OpenAPI Overlay with the access of the run, .yaml or .json
  openapi_security_scheme=NAME
                          the overlay refers to this scheme of the document; default: bearerAuth
  report=NAME             also write who may call what, as .html, .md, .json or .csv; may be repeated
  tables=false            write no tables: for an entry of its own with another output folder
  registry_packages=a+b   require that the run's services are in exactly these packages
  and the options of every protobuf-es plugin

  --version, --help`;

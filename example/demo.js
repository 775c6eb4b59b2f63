// Builds the demo and runs it: `npm run demo`, `npm run demo -- --help`.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const usage = `Calls the example's server in every way and shows who was let in, who was not, and why.

  npm run demo                      run all calls and end; exit code 0 when every one went as expected
  npm run demo -- --serve           start the server with a web page, print calls to try, and stay until Ctrl-C
  npm run demo -- --serve --port N  ports N (HTTP/2) and N + 1 (HTTP/1.1) instead of 8080 and 8081; 0 for any
  npm run demo -- --help            this text
`;

const { serve, port } = readFlags();

// buf resolves the paths in buf.yaml and buf.gen.yaml from here.
process.chdir(fileURLToPath(new URL("..", import.meta.url)));
console.log("Building the packages, generating the tables of example/proto, compiling the example ...\n");
step("npm", ["run", "-s", "build"]);
step("buf", ["generate", "--template", "example/buf.gen.yaml"]);
step("tsc", ["-b", "example"]);

if (serve) {
  step("npm", ["run", "-s", "build:web", "-w", "example"]);
  const { runServer } = await import("./dist/run-server.js");
  process.exitCode = (await runServer(port)) ? 0 : 1;
} else {
  const { runDemo } = await import("./dist/demo/run-demo.js");
  const colours = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const paths = { schema: "example/proto", report: "example/dist/access/access.html" };
  const isAsExpected = await runDemo({ colours, width: process.stdout.columns, ...paths });
  process.exitCode = isAsExpected ? 0 : 1;
}

function readFlags() {
  try {
    const { values } = parseArgs({
      options: { serve: { type: "boolean" }, port: { type: "string" }, help: { type: "boolean", short: "h" } },
    });
    if (values.help) {
      process.stdout.write(usage);
      process.exit(0);
    }
    return { serve: values.serve === true, port: readPort(values) };
  } catch (error) {
    process.stderr.write(`${error.message}\n\n${usage}`);
    process.exit(2);
  }
}

function readPort({ serve, port = "8080" }) {
  if (port !== "8080" && !serve) throw new Error("--port goes with --serve: the demo itself takes ports that are free");
  const number = Number(port);
  if (!/^\d+$/.test(port) || number > 65534) {
    throw new Error(`--port: expected a number from 0 to 65534, got ${JSON.stringify(port)}`);
  }
  return number;
}

function step(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: ["ignore", "inherit", "inherit"] });
  if (error !== undefined) {
    process.stderr.write(`${command}: ${error.message}; start the demo with npm run demo, after npm ci\n`);
    process.exit(1);
  }
  if (status !== 0) {
    process.stderr.write(`${command} ${args.join(" ")} failed\n`);
    process.exit(1);
  }
}

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram, startProcess } from "./child-process.js";

/** An nginx in front of a server. */
export interface Nginx {
  stop(): Promise<void>;
}

/**
 * Starts the `nginx` of this machine with the given `server` blocks.
 *
 * @param port - one of the ports that they listen on, to know when it is ready.
 */
export async function startNginx(servers: string, port: number): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), "nginx-"));
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  writeFileSync(
    join(folder, "nginx.conf"),
    `daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr warn;
     events { worker_connections 256; }
     http { access_log off; ${paths.join(" ")} ${servers} }`,
  );
  const program = findProgram("nginx", "nginx");
  const server = await startProcess(program, ["-p", folder, "-c", join(folder, "nginx.conf")], () => answers(port));
  return {
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

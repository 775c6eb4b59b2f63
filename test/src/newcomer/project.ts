import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** A folder outside the repository with both packages installed from their tarballs, and every other package linked. */
export interface Project {
  readonly folder: string;
  write(file: string, text: string): void;
  /** Runs a program of `node_modules/.bin`; what it printed on both streams, and how it ended. */
  run(program: string, ...args: string[]): { readonly status: number; readonly output: string };
  remove(): void;
}

export function createProject(): Project {
  const folder = mkdtempSync(join(tmpdir(), "newcomer-"));
  const modules = join(folder, "node_modules");
  const tarballs = mkdirIn(folder, "tarballs");
  execFileSync("npm", ["pack", "--silent", "-w", "runtime", "-w", "plugin", "--pack-destination", tarballs], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
  });
  mkdirIn(modules, "@connectum");
  mkdirIn(modules, ".bin");
  for (const [tarball, name] of [
    ["connectum-auth-0.1.0.tgz", "auth"],
    ["connectum-protoc-gen-connectum-auth-0.1.0.tgz", "protoc-gen-connectum-auth"],
  ] as const) {
    const unpacked = mkdirIn(folder, `unpacked-${name}`);
    execFileSync("tar", ["-xzf", join(tarballs, tarball), "-C", unpacked]);
    cpSync(join(unpacked, "package"), join(modules, "@connectum", name), { recursive: true });
    rmSync(unpacked, { recursive: true });
  }
  const own = new Set(["@connectum", "@connectum-internal", ".bin", ".package-lock.json", ".vite", ".cache"]);
  for (const entry of readdirSync(join(root, "node_modules"))) {
    if (!own.has(entry)) symlinkSync(join(root, "node_modules", entry), join(modules, entry));
  }
  for (const program of ["buf", "tsc", "protoc-gen-es"]) {
    symlinkSync(join(root, "node_modules/.bin", program), join(modules, ".bin", program));
  }
  symlinkSync(
    "../@connectum/protoc-gen-connectum-auth/bin/protoc-gen-connectum-auth",
    join(modules, ".bin/protoc-gen-connectum-auth"),
  );
  const env = { ...process.env, PATH: `${join(modules, ".bin")}:${process.env["PATH"]}` };
  return {
    folder,
    write(file, text) {
      const path = join(folder, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    },
    run(program, ...args) {
      try {
        const output = execFileSync(`sh`, ["-c", `exec "$0" "$@" 2>&1`, join(modules, ".bin", program), ...args], {
          cwd: folder,
          env,
          encoding: "utf8",
        });
        return { status: 0, output };
      } catch (error) {
        const { status, stdout } = error as { status: number; stdout: string };
        return { status, output: stdout };
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function mkdirIn(folder: string, name: string): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  return path;
}

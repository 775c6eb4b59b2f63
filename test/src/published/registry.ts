import { spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  createReadStream,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { packedPackages } from "./packed-packages.js";
import { root } from "./run.js";

/** A package registry on loopback. It serves our packages as packed now, and every other package as installed here. */
export interface Registry {
  readonly url: string;
  /** The cache of the package managers that install from it. */
  readonly cache: string;
  /** The tarball of one of our packages. */
  readonly tarballs: ReadonlyMap<string, string>;
  close(): void;
}

/** A published version: a tarball of ours, or a folder below `node_modules`. */
interface Version {
  readonly manifest: { readonly name: string; readonly version: string; readonly [field: string]: unknown };
  readonly tarball?: string;
  readonly folder?: string;
}

export async function startRegistry(): Promise<Registry> {
  const work = mkdtempSync(join(tmpdir(), "connectum-registry-"));
  const packages = new Map<string, Version[]>();
  const tarballs = new Map<string, string>();
  for (const [folder, tarball] of Object.entries(await packedPackages())) {
    const manifest = manifestOf(join(root, folder));
    packages.set(manifest.name, [{ manifest, tarball }]);
    tarballs.set(manifest.name, tarball);
  }
  addInstalled(packages, join(root, "node_modules"));

  const server = createServer(({ url = "" }, response) => {
    const [name = "", version] = decodeURIComponent(url.slice(1)).split("/-/");
    const versions = packages.get(name);
    const wanted = versions?.find(({ manifest }) => manifest.version === version);
    if (versions === undefined || (version !== undefined && wanted === undefined)) response.writeHead(404).end("{}");
    else if (wanted !== undefined) sendTarball(wanted, work, response);
    else response.end(JSON.stringify(describeVersions(name, versions, (server.address() as AddressInfo).port)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cache: join(work, "cache"),
    tarballs,
    close() {
      server.closeAllConnections();
      server.close();
      rmSync(work, { recursive: true, force: true });
    },
  };
}

/** Adds the packages of a `node_modules` folder and, after them, those that are nested in it. The first is the latest. */
function addInstalled(packages: Map<string, Version[]>, modules: string): void {
  if (!existsSync(modules)) return;
  const entries = readdirSync(modules).filter((entry) => !entry.startsWith("."));
  const names = entries.flatMap((entry) =>
    entry.startsWith("@") ? readdirSync(join(modules, entry)).map((name) => `${entry}/${name}`) : [entry],
  );
  const folders = names.filter((name) => !name.startsWith("@connectum")).map((name) => join(modules, name));
  for (const folder of folders.filter((folder) => existsSync(join(folder, "package.json")))) {
    const manifest = manifestOf(folder);
    packages.set(manifest.name, [...(packages.get(manifest.name) ?? []), { manifest, folder }]);
  }
  for (const folder of folders) addInstalled(packages, join(folder, "node_modules"));
}

function manifestOf(folder: string): Version["manifest"] {
  const {
    scripts: _,
    devDependencies: __,
    ...manifest
  } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return manifest;
}

function describeVersions(name: string, versions: readonly Version[], port: number): unknown {
  return {
    name,
    "dist-tags": { latest: versions[0]?.manifest.version },
    versions: Object.fromEntries(
      versions.map(({ manifest }) => [
        manifest.version,
        { ...manifest, dist: { tarball: `http://127.0.0.1:${port}/${name}/-/${manifest.version}` } },
      ]),
    ),
  };
}

function sendTarball({ tarball, folder = "" }: Version, work: string, response: ServerResponse): void {
  if (tarball !== undefined) {
    createReadStream(tarball).pipe(response);
    return;
  }
  // npm leaves out the first folder of every path, which is `.` here.
  const tar = ["-c", "--exclude=./node_modules", "-C", withoutPrograms(folder, work), "."];
  spawn("tar", tar, { stdio: ["ignore", "pipe", "inherit"] }).stdout.pipe(response);
}

/**
 * The folder of a package, or a copy of it whose compiled programs are scripts that start the installed ones: buf alone has
 * 100 MB of them, which npm would hash, cache and write.
 */
function withoutPrograms(folder: string, work: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const programs = files
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !relative(folder, path).startsWith("node_modules"))
    .filter((path) => {
      const { mode, size } = statSync(path);
      return (mode & 0o111) !== 0 && size > 2 ** 22;
    });
  if (programs.length === 0) return folder;
  const copy = mkdtempSync(join(work, "package-"));
  cpSync(folder, copy, { recursive: true, filter: (path) => !programs.includes(path) });
  for (const program of programs) {
    const script = join(copy, relative(folder, program));
    writeFileSync(script, `#!/bin/sh\nexec '${program}' "$@"\n`);
    chmodSync(script, 0o755);
  }
  return copy;
}

import { spawn } from "node:child_process";
import { createReadStream, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./run.js";

export const root: string = fileURLToPath(new URL("../../../", import.meta.url));

/** A package registry on loopback. It serves our packages as packed now, and every other package as installed here. */
export interface Registry {
  readonly url: string;
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
  const packed = mkdtempSync(join(tmpdir(), "connectum-packed-"));
  const packages = new Map<string, Version[]>();
  const tarballs = new Map<string, string>();
  await run(`npm pack --silent -w runtime -w plugin --pack-destination ${packed}`, root);
  for (const [folder, file] of [
    ["runtime", "connectum-auth"],
    ["plugin", "connectum-protoc-gen-connectum-auth"],
  ] as const) {
    const manifest = manifestOf(join(root, folder));
    const tarball = join(packed, `${file}-${manifest.version}.tgz`);
    packages.set(manifest.name, [{ manifest, tarball }]);
    tarballs.set(manifest.name, tarball);
  }
  addInstalled(packages, join(root, "node_modules"));

  const server = createServer(({ url = "" }, response) => {
    const [name = "", version] = decodeURIComponent(url.slice(1)).split("/-/");
    const versions = packages.get(name);
    const wanted = versions?.find(({ manifest }) => manifest.version === version);
    if (versions === undefined || (version !== undefined && wanted === undefined)) response.writeHead(404).end("{}");
    else if (wanted !== undefined) sendTarball(wanted, response);
    else response.end(JSON.stringify(describeVersions(name, versions, (server.address() as AddressInfo).port)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tarballs,
    close() {
      server.closeAllConnections();
      server.close();
      rmSync(packed, { recursive: true, force: true });
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

function sendTarball({ tarball, folder = "" }: Version, response: ServerResponse): void {
  if (tarball !== undefined) {
    createReadStream(tarball).pipe(response);
    return;
  }
  // npm leaves out the first folder of every path, which is `.` here.
  const tar = ["-c", "--exclude=./node_modules", "-C", folder, "."];
  spawn("tar", tar, { stdio: ["ignore", "pipe", "inherit"] }).stdout.pipe(response);
}

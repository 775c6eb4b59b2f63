import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram } from "./child-process.js";

/** A certificate with its key, as PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface Authority extends Certificate {
  /** A certificate that the authority signed. */
  issue(name: string): Certificate;
}

/** Makes a certificate that nobody but itself vouches for, by openssl. */
export function selfSigned(name: string): Certificate {
  return inFolder((folder) => {
    openssl("req", "-x509", ...newKey(folder), "-out", join(folder, "cert"), "-days", "2", "-subj", `/CN=${name}`);
    return read(folder);
  });
}

/** Makes a certificate authority. */
export function createAuthority(): Authority {
  const authority = selfSigned("lab authority");
  return {
    ...authority,
    issue: (name) =>
      inFolder((folder) => {
        const paths = { cert: join(folder, "ca"), key: join(folder, "ca-key") };
        for (const part of ["cert", "key"] as const) writeFileSync(paths[part], authority[part]);
        openssl("req", "-new", ...newKey(folder), "-out", join(folder, "request"), "-subj", `/CN=${name}`);
        writeFileSync(join(folder, "names"), "subjectAltName=DNS:localhost,IP:127.0.0.1");
        openssl(
          "x509",
          "-req",
          "-in",
          join(folder, "request"),
          "-CA",
          paths.cert,
          "-CAkey",
          paths.key,
          "-CAcreateserial",
          "-days",
          "2",
          "-extfile",
          join(folder, "names"),
          "-out",
          join(folder, "cert"),
        );
        return read(folder);
      }),
  };
}

const newKey = (folder: string) => [
  "-newkey",
  "ec",
  "-pkeyopt",
  "ec_paramgen_curve:P-256",
  "-nodes",
  "-keyout",
  join(folder, "key"),
];

function openssl(...args: string[]): void {
  execFileSync(findProgram("openssl", "openssl"), args, { stdio: "pipe" });
}

function inFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "certificates-"));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function read(folder: string): Certificate {
  return { cert: readFileSync(join(folder, "cert"), "utf8"), key: readFileSync(join(folder, "key"), "utf8") };
}

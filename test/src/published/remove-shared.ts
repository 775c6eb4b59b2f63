import { rmSync } from "node:fs";
import { sharedFolder } from "./packed-packages.js";

/** Removes what the files of a run share. Their processes are children of this one. */
export function teardown(): void {
  rmSync(sharedFolder(process.pid), { recursive: true, force: true });
}

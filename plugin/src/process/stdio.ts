import { fstatSync, readSync, writeSync } from "node:fs";

/** Reads standard input to its end. Synchronous, because streams would slow down the start. */
export function readStdin(): Uint8Array {
  let buffer = Buffer.allocUnsafe(Math.max(fstatSync(0).size, 1 << 16));
  for (let length = 0; ; ) {
    if (length === buffer.length) buffer = Buffer.concat([buffer], buffer.length * 2);
    const read = retry(() => readSync(0, buffer, length, buffer.length - length, null));
    if (read === 0) return buffer.subarray(0, length);
    length += read;
  }
}

/** Writes all bytes to a file descriptor, synchronously. */
export function write(descriptor: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) written += retry(() => writeSync(descriptor, bytes, written));
}

/** Repeats an operation until the pipe is ready. Some parent processes pass non-blocking pipes. */
function retry(operation: () => number): number {
  for (;;) {
    try {
      return operation();
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "EOF") return 0;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}

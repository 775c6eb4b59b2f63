import fc from "fast-check";

/** Something that takes hostile input, and what must hold for every input. */
export interface FuzzTarget {
  readonly name: string;
  /** Runs the property up to a limit. Returns the number of inputs. @throws Error with the seed, if it does not hold. */
  run(limits: FuzzLimits): Promise<number>;
}

export interface FuzzLimits {
  /** The number of inputs. By default, no limit. */
  readonly runs?: number;
  /** How long to go on, in milliseconds. By default, no limit. */
  readonly time?: number;
  readonly seed: number;
}

/** The most work that one input may cost, in milliseconds of the processor: a busy machine does not make it more. */
const maxWork = 2_000;

/** @param holds - throws where the property does not hold. */
export function fuzzTarget<T>(
  name: string,
  inputs: fc.Arbitrary<T>,
  holds: (input: T) => void | Promise<void>,
): FuzzTarget {
  return {
    name,
    async run({ runs = Number.MAX_SAFE_INTEGER, time, seed }) {
      let count = 0;
      const property = fc.asyncProperty(inputs, async (input) => {
        count++;
        const start = process.cpuUsage();
        await holds(input);
        const work = process.cpuUsage(start).user / 1_000;
        if (work > maxWork) throw new Error(`took ${work} ms of the processor`);
      });
      await fc.assert(property, {
        seed,
        numRuns: runs,
        ...(time !== undefined && { interruptAfterTimeLimit: time }),
        markInterruptAsFailure: false,
        timeout: 10_000,
      });
      return count;
    },
  };
}

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array).toString("latin1"));

/** Text that HTTP lets through as a header value, from single bytes to long runs. */
export function headerText(...words: string[]): fc.Arbitrary<string> {
  const pieces = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...words, " ", ",", ", ", "\t", '"', "=", "%", "\\u") },
    { weight: 2, arbitrary: fc.string({ unit: "binary-ascii", maxLength: 12 }) },
    { weight: 1, arbitrary: bytes },
    { weight: 1, arbitrary: fc.nat(20_000).map((length) => "x".repeat(length)) },
  );
  // biome-ignore lint/suspicious/noControlCharactersInRegex: HTTP carries none of them but the tab
  const forbidden = /[\x00-\x08\x0a-\x1f\x7f]|[^\x00-\xff]/g;
  return fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join("").replace(forbidden, ""));
}

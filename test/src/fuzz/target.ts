import fc from "fast-check";

/** Something that takes hostile input, and what must hold for every input. */
export interface FuzzTarget {
  readonly name: string;
  /** Runs the property for at most a time; throws, with the seed, where it does not hold. Returns the number of inputs. */
  run(limits: FuzzLimits): Promise<number>;
}

export interface FuzzLimits {
  /** How long to go on, in milliseconds. */
  readonly time: number;
  readonly seed: number;
}

/** Longest time that one input may take, in milliseconds. */
const maxTime = 2_000;

/** @param holds - throws where the property does not hold. */
export function fuzzTarget<T>(
  name: string,
  inputs: fc.Arbitrary<T>,
  holds: (input: T) => void | Promise<void>,
): FuzzTarget {
  return {
    name,
    async run({ time, seed }) {
      let runs = 0;
      const property = fc.asyncProperty(inputs, async (input) => {
        runs++;
        const start = performance.now();
        await holds(input);
        const took = performance.now() - start;
        if (took > maxTime) throw new Error(`took ${took} ms`);
      });
      await fc.assert(property, {
        seed,
        numRuns: Number.MAX_SAFE_INTEGER,
        interruptAfterTimeLimit: time,
        markInterruptAsFailure: false,
        timeout: 10_000,
      });
      return runs;
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

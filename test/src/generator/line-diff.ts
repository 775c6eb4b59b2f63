/** The lines that differ between two texts: each group under `@@` with the number of its first line in the first text. */
export function diffLines(from: string, to: string): string {
  const [a, b] = [from.split("\n"), to.split("\n")];
  const common = commonLengths(a, b);
  const output: string[] = [];
  let isInGroup = false;
  const write = (line: string, at: number) => {
    if (!isInGroup) output.push(`@@ ${at + 1} @@`);
    isInGroup = true;
    output.push(line);
  };
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      isInGroup = false;
      i++;
      j++;
    } else if (j === b.length || (i < a.length && lengthAt(common, i + 1, j) >= lengthAt(common, i, j + 1))) {
      write(`-${a[i++]}`, i - 1);
    } else {
      write(`+${b[j++]}`, i);
    }
  }
  return output.map((line) => `${line}\n`).join("");
}

/** For every pair of positions, how many lines the texts have in common from there on. */
function commonLengths(a: readonly string[], b: readonly string[]): number[][] {
  const lengths = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      (lengths[i] as number[])[j] =
        a[i] === b[j]
          ? lengthAt(lengths, i + 1, j + 1) + 1
          : Math.max(lengthAt(lengths, i + 1, j), lengthAt(lengths, i, j + 1));
    }
  }
  return lengths;
}

const lengthAt = (lengths: readonly number[][], i: number, j: number): number => lengths[i]?.[j] ?? 0;

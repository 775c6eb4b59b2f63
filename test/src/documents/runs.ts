/** The tests of a document: for each block, by its name, what executes the text of the block. */
export type Runs = Readonly<Record<string, (text: string) => Promise<void>>>;

/** Ends a run with a message for the user: the compiler prints it, writes nothing, and fails. */
export class GenerationError extends Error {}

import type { Redecision } from "./redecision.js";

/** Calls of one caller to one method that are decided otherwise. */
export interface ReplayDifference {
  /** The method, as `pkg.v1.Service/Method`. */
  readonly method: string;
  /** Undefined for an anonymous caller, and for one whose credential was not read. */
  readonly subject: string | undefined;
  /** The decision then. */
  readonly before: "allow" | "deny";
  /** The decision now. `undecided`: the records do not have a part of the calls that decides now. */
  readonly after: Redecision["effect"];
  /** The reason of a denial, or the part of the calls that is not known. */
  readonly reason: Redecision["reason"];
  /** The positions of the events: 1 is the first event or line. */
  readonly calls: readonly number[];
}

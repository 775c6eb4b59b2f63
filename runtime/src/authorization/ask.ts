import type { Question, Verdict } from "./verdict.js";

/** Asks in order, up to the first question that is not answered with yes. Undefined where all are. Never rejects. */
export async function ask(
  questions: readonly Question[],
  answer: (question: Question) => unknown,
): Promise<Verdict | undefined> {
  for (const question of questions) {
    const { decidedBy } = question;
    let error: unknown;
    try {
      if ((await answer(question)) === true) continue;
    } catch (thrown) {
      error = thrown;
    }
    return { effect: "deny", decidedBy, reason: decidedBy, error };
  }
  return undefined;
}

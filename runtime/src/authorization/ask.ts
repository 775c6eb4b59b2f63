import type { Question, Verdict } from "./verdict.js";

/** Asks in order, up to the first that is not answered with yes. Undefined where all are. Never rejects. */
export async function ask(
  questions: readonly Question[],
  answer: (question: Question) => unknown,
): Promise<Verdict | undefined> {
  for (const question of questions) {
    const { decidedBy } = question;
    try {
      if ((await answer(question)) !== true) return { effect: "deny", decidedBy, reason: decidedBy };
    } catch (error) {
      return { effect: "deny", decidedBy, reason: decidedBy, error };
    }
  }
  return undefined;
}

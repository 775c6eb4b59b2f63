import type { AuthContext } from "../context/auth-context.js";
import type { AuthzRequest } from "./authz-request.js";
import type { Question, Verdict } from "./verdict.js";

/** The verdict when all its questions have been asked. Never rejects. */
export async function settle(verdict: Verdict, context: AuthContext, request: AuthzRequest): Promise<Verdict> {
  const { questions = [], ...by } = verdict;
  const refused = await ask(questions, (question) => question.ask(context, request));
  return refused ?? { ...by, effect: "allow", decidedBy: questions.at(-1)?.decidedBy ?? by.decidedBy };
}

/** Asks in order, up to the first that is not answered with yes. Undefined where all are. Never rejects. */
export async function ask(
  questions: readonly Question[],
  put: (question: Question) => unknown,
): Promise<Verdict | undefined> {
  for (const question of questions) {
    const { decidedBy } = question;
    try {
      if ((await put(question)) !== true) return { effect: "deny", decidedBy, reason: decidedBy };
    } catch (error) {
      return { effect: "deny", decidedBy, reason: decidedBy, error };
    }
  }
  return undefined;
}

import { Code, ConnectError } from "@connectrpc/connect";
import { describeRow } from "../../src/describe-row.js";
import { type Action, actions } from "./actions.js";
import { button, element, find } from "./element.js";
import { cancelOrder, renderOrders } from "./orders.js";
import { listPeople, type Session, startSession } from "./session.js";

const people = await listPeople();
await enter(undefined);

/** Signs in a person, or starts an anonymous session, and shows the page. */
async function enter(subject: string | undefined): Promise<void> {
  const session = await startSession(subject);
  const choices = [...people.map(({ name, subject }) => ({ name, subject })), { name: "Nobody", subject: undefined }];
  find("#people").replaceChildren(
    ...choices.map((choice) =>
      button(
        choice.name,
        { "data-person": choice.subject ?? "nobody", "aria-pressed": String(choice.subject === subject) },
        () => enter(choice.subject),
      ),
    ),
  );
  find("#who").textContent = describePerson(session);
  find("#actions tbody").replaceChildren(...actions.map((action) => renderAction(action, session)));
  await showOrders(session);
  // Tells browser tests that the page is complete.
  document.body.dataset["person"] = subject ?? "nobody";
}

async function showOrders(session: Session): Promise<void> {
  const orders = await renderOrders(session, async (id) => {
    await cancelOrder(session, id);
    await showOrders(session);
  });
  find("#orders").replaceChildren(orders);
}

function renderAction(action: Action, session: Session): HTMLTableRowElement {
  const answer = element("td", { class: "answer" });
  const run = async () => {
    answer.textContent = "…";
    try {
      const text = await action.run(session);
      answer.replaceChildren(element("span", { class: "ok" }, "ok"), ` ${text}`);
      await showOrders(session);
    } catch (error) {
      const { code, rawMessage } = ConnectError.from(error);
      answer.replaceChildren(element("span", { class: "refused" }, nameOf(code)), ` ${rawMessage}`);
    }
  };
  const control = action.isOffered(session)
    ? button(action.label, { "data-action": action.method }, run)
    : element("span", { class: "hidden" }, "hidden ", button("call it anyway", { "data-anyway": action.method }, run));
  return element(
    "tr",
    { "data-method": action.method },
    element("td", {}, element("code", {}, action.method)),
    element("td", {}, describeRow(action.row)),
    element("td", {}, control),
    answer,
  );
}

function describePerson({ person }: Session): string {
  if (person === undefined) return "You are not signed in.";
  const { name, roles, scopes } = person;
  return `You are ${name}: role ${roles.join(" and ")}, scopes ${scopes.join(" and ")}.`;
}

/** The name of a status code on the wire, for example `permission_denied`. */
function nameOf(code: Code): string {
  return Code[code].replace(/(?<=.)[A-Z]/g, "_$&").toLowerCase();
}

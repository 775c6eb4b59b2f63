import type { PageMethodData } from "../src/report/page-data.js";
import { createControls } from "./controls.js";
import { byId } from "./element.js";
import { readPage } from "./method.js";
import { showAnswers } from "./show-answers.js";
import { addMatrices } from "./show-matrix.js";
import { showMethods } from "./show-methods.js";
import { showStatus } from "./show-status.js";
import { printView, readView } from "./view.js";

/** Delay of the link, in milliseconds, so that typing a word makes one step of the history. */
const linkDelay = 300;

const services = readPage();
const methods = services.flatMap((service) => service.methods.map(({ method }) => method));
const sorted = (namesOf: (method: PageMethodData) => readonly string[]) =>
  [...new Set(methods.flatMap(namesOf))].sort();
const controls = createControls({
  service: services.map(({ service }) => service.name),
  access: sorted(({ access }) => [access]),
  role: sorted(({ roles }) => roles),
  scope: sorted(({ scopes }) => scopes),
  permission: sorted(({ permissions, anyPermissions }) => [...permissions, ...anyPermissions]),
  acr: sorted(({ acr }) => acr),
  credential: sorted(({ credentials }) => credentials),
  hasAge: methods.some(({ maxAgeSeconds }) => maxAgeSeconds !== null),
});
const form = byId<HTMLFormElement>("controls");

byId("status").hidden = false;

let frame = 0;
let timer = 0;

function show(): void {
  frame = 0;
  const view = controls.read();
  const { caller: kind, roles, scopes, permissions, acr, age, credential } = view;
  document.body.dataset["view"] = view.view;
  if (view.view === "matrix") addMatrices(services);
  const caller = kind === "" ? undefined : { kind, roles, scopes, permissions, acr, age, credential };
  showAnswers(services, caller);
  showStatus(services, showMethods(services, view), caller);
}

function schedule(): void {
  if (frame === 0) frame = requestAnimationFrame(show);
}

/** Writes the choices into the address, so that a link shows the same. */
function link(): void {
  clearTimeout(timer);
  timer = setTimeout(() => {
    const fragment = printView(controls.read());
    if (fragment !== (location.hash || "#")) history.pushState(null, "", fragment);
  }, linkDelay);
}

form.addEventListener("input", () => {
  schedule();
  link();
});
form.addEventListener("reset", () => {
  // The controls are reset after the event.
  setTimeout(() => {
    controls.write(readView(""));
    schedule();
    link();
  });
});
addEventListener("hashchange", () => {
  clearTimeout(timer);
  controls.write(readView(location.hash));
  schedule();
});

if (matchMedia("(max-width: 60rem)").matches) {
  for (const details of form.querySelectorAll("details")) details.open = false;
}
controls.write(readView(location.hash));
show();

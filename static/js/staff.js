// Keyboard shortcuts of staff, unless they were turned off at /shortcuts (then this file is not loaded). Fields, keys held
// together with others, and text being composed keep their keys; nobody is led away from a text that is half written.
// Elements say themselves which keys lead to them: data-keys.
const find = (selector) => document.querySelector(selector);
const entries = () => [...document.querySelectorAll("main tbody th a, main [data-entry] a")];
const isHalfWritten = () => [...document.querySelectorAll("main :is(textarea, input)")].some((one) => one.value !== one.defaultValue);
let before = "";

function go(step) {
  const all = entries(), at = all.indexOf(document.activeElement);
  all[Math.max(0, Math.min(all.length - 1, at + step))]?.focus();
}

const acts = {
  "?": () => { if (!isHalfWritten()) location.href = "/shortcuts"; },
  "/": () => find("main input[type=search]")?.focus(),
  j: () => go(1),
  k: () => go(-1),
};

document.addEventListener("keydown", (event) => {
  const isTaken = event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat && event.key === "g";
  if (isTaken || event.defaultPrevented || event.target.closest?.("input, textarea, select")) { before = ""; return; }
  if (event.key === "Shift") return;
  const keys = before + event.key;
  before = event.key === "g" && !before ? "g" : "";
  const place = keys.length > 1 ? find(`[data-keys="${CSS.escape(keys)}"]`) : null;
  if (place && !isHalfWritten()) place.click();
  else if (!place && acts[keys]) { event.preventDefault(); acts[keys](); }
});

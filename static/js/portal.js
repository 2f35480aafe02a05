// Enhancement only: every page works without it. No storage of the browser is ever written.
const root = document.documentElement;
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const hide = () => { root.hidden = true; };
const askAnew = () => location.replace(location.pathname + location.search);  // never a POST again
let leaving = false;

// ---- Leaving at once. In this order five presses of Back show nothing, also with the server out of reach.
function leave(link) {
  leaving = true;
  hide();
  document.title = "New Tab";
  drafts.forEach((draft) => draft.last());
  navigator.sendBeacon("/leave");
  location.replace(link.dataset.leave);
}
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-leave]");
  if (!link) return;
  event.preventDefault();
  leave(link);
});
let presses = [];
document.addEventListener("keydown", (event) => {
  if (event.key !== "Shift") presses = [];
});
document.addEventListener("keyup", (event) => {
  const link = document.querySelector("[data-leave]");
  if (event.key !== "Shift" || !link) { presses = []; return; }
  presses = [...presses, event.timeStamp].slice(-3);
  if (presses.length === 3 && presses[2] - presses[0] < 2000) leave(link);
});

// ---- A page that is left shows nothing; one brought back is asked for anew.
addEventListener("pagehide", hide);
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  hide();
  askAnew();
});

// ---- A page nobody touches goes blank when its session has ended.
const idle = Number(root.dataset.idleSeconds || 0) * 1000;
let touchedAt = Date.now();
const touched = () => { if (!root.hidden) touchedAt = Date.now(); };
["pointerdown", "keydown", "input", "scroll"].forEach((kind) => addEventListener(kind, touched, true));
function blankWhenIdle() {
  if (!idle || leaving || Date.now() - touchedAt < idle + 2000) return;
  hide();
  if (drafts.some((draft) => draft.isUnsaved() && !draft.stopped && !draft.refused)) return;
  leaving = true;
  askAnew();
}
setInterval(blankWhenIdle, 1000);

// ---- Whoever is busy stays signed in; whoever is not is told two minutes before, and once more before the day's end.
let heardAt = Date.now();
let endsAt = Infinity;
async function stay() {
  const token = document.querySelector("[name=csrf_token]");
  if (!token) return;
  heardAt = Date.now();
  const answer = await post("/sign-in/stay", new URLSearchParams({ csrf_token: token.value }).toString()).catch(() => null);
  if (answer?.ok) endsAt = Date.now() + Number(await answer.text()) * 1000;
}
function warn() {
  const now = Date.now(), line = document.querySelector("[data-idle-warning]");
  if (!idle || leaving || !line) return;
  if (touchedAt > heardAt && now - heardAt > 300000) stay();
  line.hidden = Math.min(touchedAt + idle, endsAt) - now > 120000;
}
setInterval(warn, 1000);
document.addEventListener("click", (event) => { if (event.target.closest?.("[data-stay]")) { stay(); warn(); } });
addEventListener("online", () => drafts.forEach((draft) => draft.again()));
document.addEventListener("visibilitychange", () => {
  blankWhenIdle();
  if (document.hidden) drafts.forEach((draft) => draft.save());
});

// ---- A draft: changed fields, kept in memory until the server has them.
const drafts = [];
const LATE = -401;             // signed out, and what was sent is kept for the next sign-in
const stops = { 401: "signedout", 409: "elsewhere", [LATE]: "late" };
const refusals = { 400: "refused", 413: "refused" };

class Draft {
  constructor(form) {
    this.form = form;
    this.line = form.querySelector("[data-save-state]");
    this.changed = new Set();
    this.pending = null;       // sent, not yet answered: sent again unchanged
    this.wait = 0;
    this.stopped = this.refused = this.submitting = false;
    this.busy = Promise.resolve();
    form.addEventListener("input", (event) => this.note(event));
    form.addEventListener("change", (event) => { this.note(event); this.save(); });
    this.clock = setInterval(() => this.save(), 10000);
    this.say("ready");
  }

  note(event) {
    if (!event.target.name) return;
    this.changed.add(event.target.name);
    this.refused = false;
  }

  isAtRisk() { return this.changed.size > 0 || (this.pending !== null && this.wait > 0); }

  isUnsaved() { return this.changed.size > 0 || this.pending !== null; }

  say(key) {
    if (!this.line || this.told === key) return;
    this.told = key;
    this.line.textContent = this.line.dataset[key];
    this.line.className = `save-state ${key === "saved" ? "saved" : ["ready", "saving", "notkept"].includes(key) ? "" : "trouble"}`;
  }

  body() {
    const fields = new FormData(this.form);
    const body = new URLSearchParams();
    for (const name of [...this.changed, "section", "version", "csrf_token"]) {
      fields.getAll(name).forEach((value) => body.append(name, value));
    }
    return { text: body.toString(), names: [...this.changed] };
  }

  save() {
    const mayTry = !this.stopped && !this.refused && !leaving && Date.now() >= (this.nextTry || 0);
    if (mayTry && this.isUnsaved()) this.busy = this.busy.then(() => this.send());
    return this.busy;
  }

  again() {
    this.nextTry = 0;
    this.save();
  }

  async send() {
    if (!this.isUnsaved() || this.stopped || this.submitting || leaving) return;
    if (!this.pending) {
      this.pending = this.body();
      this.changed.clear();
    }
    const status = await post(this.form.dataset.autosave, this.pending.text).then((answer) => (answer.headers.has("X-Kept") ? LATE : answer.status), () => 0);
    this.settle(status);
  }

  settle(status) {
    if (status === 204 || status === 202) return this.accept(status);
    if (status in stops || status in refusals) {
      if (status !== LATE) this.pending.names.forEach((name) => this.changed.add(name));
      this.pending = null;
      this.stopped = status in stops;
      this.refused = status in refusals;
      return this.say(stops[status] || refusals[status]);
    }
    this.wait = Math.min(60000, (this.wait || 1000) * 2);
    this.nextTry = Date.now() + this.wait;
    setTimeout(() => this.save(), this.wait + 10);
    return this.say("waiting");
  }

  accept(status) {
    const version = this.form.elements.version;
    if (status === 204 && version) version.value = String(Number(version.value) + 1);
    this.pending = null;
    this.wait = this.nextTry = 0;
    if (this.changed.size) this.save();
    else this.say(status === 204 ? "saved" : "notkept");
  }

  last() {                     // on the way out: nobody waits for an answer
    if (this.stopped || !this.isUnsaved()) return;
    const body = this.pending || this.body();
    navigator.sendBeacon(this.form.dataset.autosave, new URLSearchParams(body.text));
  }

  // The whole section by fetch: one history entry for the form.
  async submit(submitter) {
    this.nextTry = 0;
    this.say("saving");
    if (this.pending) this.save();
    for (let seen = null; seen !== this.busy;) { seen = this.busy; await seen; }
    if (this.pending) return;
    this.submitting = true;
    const body = new URLSearchParams(new FormData(this.form, submitter));
    const answer = await post(this.form.action, body.toString()).catch(() => null);
    if (answer?.type === "opaqueredirect") {
      this.drop();
      leaving = true;
      history.scrollRestoration = "manual";
      location.replace(submitter?.dataset.then || (submitter?.value === "next" ? this.form.dataset.then : this.form.action));
      return;
    }
    this.submitting = false;
    this.show(answer, await answer?.text().catch(() => ""));
  }

  show(answer, html) {
    const page = new DOMParser().parseFromString(html || "", "text/html");
    // Signed out: the form stays as it is, unless its text is kept for the next sign-in.
    const isWorthShowing = answer?.status === 401 ? "#kept" : "form[data-autosave], form[data-kept]";
    if (!page.querySelector(isWorthShowing)) {
      this.say(stops[answer?.status] || refusals[answer?.status] || "waiting");
      return;
    }
    this.drop();
    document.body.replaceWith(page.body);
    scrollTo(0, 0);
    start();
  }

  drop() {
    clearInterval(this.clock);
    this.changed.clear();
    this.pending = null;
    drafts.splice(drafts.indexOf(this), 1);
  }
}

const post = (address, body) => fetch(address, {
  method: "POST", body, redirect: "manual", credentials: "same-origin", keepalive: body.length < 60000,
  headers: { "Content-Type": "application/x-www-form-urlencoded" },
});

addEventListener("beforeunload", (event) => {
  if (!leaving && drafts.some((draft) => draft.isAtRisk())) event.preventDefault();
});

// ---- Every form once: a second press does nothing.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  const buttons = all("button", form);
  buttons.forEach((button) => button.setAttribute("aria-disabled", "true"));
  const release = () => {
    delete form.dataset.sent;
    buttons.forEach((button) => button.removeAttribute("aria-disabled"));
  };
  const draft = drafts.find((one) => one.form === form);
  if (draft) {
    event.preventDefault();
    await draft.submit(event.submitter);
    release();
  } else if (drafts.some((one) => one.isUnsaved())) {   // such as the language: save first
    event.preventDefault();
    await Promise.all(drafts.map((one) => one.save()));
    release();
    const isSaved = !drafts.some((one) => one.isUnsaved());
    if (!isSaved && form.matches("[data-language]")) return;
    drafts.forEach((one) => one.drop());
    form.requestSubmit(event.submitter);
  } else setTimeout(release, 5000);
});

// ---- Room left, in code points.
function count(area) {
  const line = document.getElementById(`${area.id}-count`);
  const left = Number(area.dataset.limit) - [...area.value].length;
  line.classList.toggle("over", left < 0);
  line.setAttribute("aria-live", left < 50 ? "polite" : "off");
  line.textContent = `${left < 0 ? line.dataset.over : line.dataset.left} ${Math.abs(left)}`;
}

function start() {
  root.classList.add("scripted");
  all("form[data-autosave]").forEach((form) => drafts.push(new Draft(form)));
  all("textarea[data-limit]").forEach((area) => area.addEventListener("input", () => count(area)));
  document.querySelector("[data-focus]")?.focus();
  const seconds = document.querySelector("[data-refresh]")?.dataset.refresh;
  // Not under the fingers of somebody who has come to a link with the keyboard.
  const lookAgain = () => (document.activeElement === document.body ? location.reload() : setTimeout(lookAgain, seconds * 1000));
  if (seconds) setTimeout(lookAgain, seconds * 1000);
}
start();

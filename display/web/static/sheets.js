// What the driver's page lays over itself: sending to a phone, typing a fare or the
// code of a phone that has paid, a trip, the shift. What is typed lives in the variable below and nowhere
// else, and is forgotten when its sheet closes.
import { ask, busy, byId, lost, post, quietly, screen, tell, toast } from "./talk.js";

const searchFrom = 3; // digits
const searchPause = 250; // ms without another key
const scanGap = 35; // ms between two characters of a scanner at most
const codeLength = 6; // digits that a phone shows when its claim has been paid
const scanLength = 5; // characters that no person types so fast

let typed = ""; // on the keypad
let first = ""; // a fare, typed for the first time
let reason = ""; // of a refund
let search = 0; // counts searches, so that a late answer is dropped
let pause = 0;
let row = ""; // the list's row of the trip on show

const sheet = () => byId("sheet");
const current = () => sheet()?.querySelector(".sheet:not([hidden])");
const kind = () => (sheet()?.open ? current()?.dataset.kind : undefined);
const part = (name) => current()?.querySelector(`[data-${name}]`);

// --- Opening and closing ---

export function open(name, trip) {
  if (lost() || busy()) return;
  if (name === "trip" || name === "shift") return load(name, trip);
  const template = document.querySelector(`template[data-sheet="${name}"]`);
  if (template) lay(template.innerHTML);
}

async function load(name, trip) {
  const query = new URLSearchParams({ lang: screen().lang, ...(trip ? { trip } : {}) });
  try {
    const response = await fetch(`/driver/${name}?${query}`, { signal: AbortSignal.timeout(12000) });
    if (!response.ok) return toast("bad", (await response.json()).text);
    lay(await response.text());
    row = rowOf(trip);
  } catch {
    toast("bad", screen().dataset.noAnswer);
  }
}

function lay(html) {
  forget();
  sheet().innerHTML = html;
  if (!sheet().open) sheet().showModal();
  current().focus(); // and not its first button, which the Enter key would press
  write();
  refit();
}

// refit has the page look again whether everything has room.
const refit = () => dispatchEvent(new Event("resize"));

export function close() {
  if (!sheet()?.open) return;
  sheet().close();
  clear();
}

function clear() {
  forget();
  sheet().replaceChildren();
  refit();
}

function forget() {
  typed = first = reason = "";
  search++;
  clearTimeout(pause);
}

// settle closes what there is no reason for any more, and reads a trip again that
// something happened to.
export function settle() {
  const now = kind();
  if (!now) return;
  const { trip } = current().dataset;
  if (screen().classList.contains("locked")) return close();
  if (["send", "fare", "confirm"].includes(now) && (trip !== screen().dataset.trip || !document.querySelector(`template[data-sheet="${now}"]`))) close();
  if (now === "trip" && rowOf(trip) !== row) load("trip", trip);
}

const rowOf = (trip) => (trip ? document.querySelector(`.trips [data-trip="${CSS.escape(trip)}"]`)?.outerHTML ?? "" : "");

// --- The keypad ---

export function key(k) {
  const was = typed;
  if (k === "back") typed = typed.slice(0, -1);
  else if (accepts(k)) typed += k;
  if (typed !== was) write();
}

function accepts(k) {
  if (kind() === "send") return typed.length < 18 && (/^\d$/.test(k) || (k === "+" && typed === ""));
  if (kind() === "confirm") return typed.length < codeLength && /^\d$/.test(k);
  const [whole, cents] = typed.split(/[.,]/);
  if (/^[.,]$/.test(k)) return typed !== "" && cents === undefined;
  return /^\d$/.test(k) && (cents === undefined ? whole.length < 5 : cents.length < 2);
}

function write() {
  const box = part("typed");
  if (!box) return;
  const { pattern } = current().dataset;
  box.textContent = pattern && typed ? pattern.replace("§", typed) : typed;
  if (kind() === "send") look();
}

// --- Sending to a phone ---

function look() {
  clearTimeout(pause);
  const mine = ++search;
  const digits = typed.replace(/\D/g, "");
  if (digits.length < searchFrom || typed.startsWith("+")) return list(null);
  pause = setTimeout(async () => {
    const answer = await quietly("/driver/contacts", { digits });
    if (mine !== search || kind() !== "send") return;
    if (answer.ok) list(answer.contacts ?? []);
    else toast("bad", answer.text);
  }, searchPause);
}

// list shows passengers to choose from; null while nothing was looked for.
function list(contacts) {
  const box = part("found");
  const { known, none } = box.dataset;
  const title = document.createElement("p");
  title.textContent = contacts === null ? "" : contacts.length ? known : none;
  box.replaceChildren(title, ...(contacts ?? []).map(choice));
}

function choice({ id, masked, name }) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.contact = id;
  const number = document.createElement("strong");
  number.textContent = masked;
  button.append(number, " " + (name ?? ""));
  return button;
}

async function send(to) {
  if (busy() || lost()) return;
  const { trip } = kind() === "send" ? current().dataset : screen().dataset;
  const answer = await tell("/driver/send", { trip, ...to });
  if (answer.ok && kind() === "send") close();
}

// --- The code of a phone that has paid ---

// confirm keeps a code that was refused, so that it can be compared with the phone.
async function confirm() {
  if (busy() || lost()) return;
  const { trip, need } = current().dataset;
  if (typed.length < codeLength) return toast("bad", need);
  const answer = await tell("/driver/confirm", { trip, code: typed });
  if (answer.ok && kind() === "confirm") close();
}

// --- Amounts ---

const decimal = (text) => text.replace(",", ".");

async function fare() {
  if (typed === "" || busy()) return;
  const box = current();
  if (first === "") {
    [first, typed] = [typed, ""];
    part("hint").textContent = box.dataset.again;
    part("hint").classList.add("again");
    part("fare").textContent = box.dataset.use;
    return write();
  }
  const [amount, again] = [decimal(first), decimal(typed)];
  if (Number(amount) !== Number(again)) {
    open("fare");
    return toast("bad", box.dataset.differs);
  }
  const answer = await tell("/driver/fare", { trip: box.dataset.trip, amount, again });
  if (kind() === "fare") answer.ok ? close() : open("fare");
}

function refund() {
  const box = current();
  if (typed === "" || reason === "") return toast("bad", box.dataset.need);
  const { trip, pattern, confirm, yes } = box.dataset;
  const body = { trip, amount: decimal(typed), reason };
  ask(confirm.replace("§", pattern.replace("§", typed)), yes, async () => {
    const answer = await tell("/driver/refund", body);
    if (answer.ok) load("trip", trip);
  }, () => kind() === "refund");
}

function turn(to) {
  forget();
  sheet().focus();
  for (const section of sheet().querySelectorAll(".sheet")) section.hidden = section.dataset.kind !== to;
  for (const button of sheet().querySelectorAll("[data-reason]")) button.setAttribute("aria-pressed", "false");
  write();
  refit();
}

function choose(button) {
  reason = button.dataset.reason;
  for (const other of sheet().querySelectorAll("[data-reason]")) other.setAttribute("aria-pressed", String(other === button));
}

// --- The rest of a trip, and the shift ---

async function about(path, trip) {
  const answer = await tell(path, { trip });
  if (answer.ok && kind() === "trip") load("trip", trip);
}

function endShift({ confirm, yes }) {
  ask(confirm, yes, async () => {
    const answer = await tell("/driver/shift/end", {});
    if (answer.ok) lay(answer.html);
  }, () => kind() === "shift");
}

// --- Touch and keys ---

// touched handles a button of a sheet, or one that opens a sheet; it returns false
// for any other.
export function touched(button) {
  const data = button.dataset;
  if (data.open) open(data.open, data.trip);
  else if (data.key) key(data.key);
  else if ("close" in data) close();
  else if (data.contact) send({ contact: data.contact });
  else if ("send" in data) typed && send({ number: typed });
  else if ("fare" in data) fare();
  else if ("prove" in data) confirm();
  else if ("refund" in data) turn("refund");
  else if ("unrefund" in data) turn("trip");
  else if (data.all) [typed] = [data.all], write();
  else if (data.reason) choose(button);
  else if ("give" in data) refund();
  else if (data.post) about(data.post, data.trip);
  else if ("endShift" in data) endShift(data);
  else return false;
  return true;
}

let burst = { text: "", last: 0, before: "" };

// pressed handles a key. A scanner types like a keyboard, only faster than anybody
// can: what came in one burst and ends with Enter is the passenger's code, and is
// taken out of the number again.
export function pressed(event) {
  if (event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  const now = event.timeStamp;
  const fast = now - burst.last <= scanGap;
  if (event.key === "Enter") {
    const { text, before } = burst;
    burst = { text: "", last: 0, before: "" };
    if (fast && text.length >= scanLength && canScan()) {
      event.preventDefault();
      typed = before;
      if (kind() === "send") write();
      return send({ personal: text });
    }
    if (event.target.closest?.("button")) return;
    part("send")?.click();
    part("fare")?.click();
    part("prove")?.click();
    return;
  }
  if (event.key.length === 1) {
    if (fast && canScan()) event.preventDefault(); // a space presses no button
    if (!fast) burst = { text: "", last: now, before: typed };
    burst.text += event.key;
    burst.last = now;
  }
  if (!part("typed") || byId("confirm").open) return;
  if (event.key === "Backspace") key("back");
  else if (event.key.length === 1) key(event.key);
}

const canScan = () => "canSend" in screen().dataset && !byId("confirm").open && (!sheet().open || kind() === "send");

// The Escape key closes a sheet too. The event comes late: another may be open by then.
sheet()?.addEventListener("close", () => {
  if (!sheet().open) clear();
});

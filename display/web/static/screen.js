// The script of both pages. The server sends whole regions of HTML; this shows
// them, counts down between them, says when they stop coming, and on the driver's
// page sends back what is pressed. It keeps no state of the trip.
import { ask, busy, byId, dismiss, lost, post, recheck, screen, tell, toast, yes } from "./talk.js";
import * as sheets from "./sheets.js";

const page = document.body.dataset.page;
const version = document.body.dataset.version;
const home = document.documentElement.lang; // where the next passenger starts
const lostAfter = 3000; // ms without a word
const hungAfter = 6000; // ms until an open but silent stream is given up

let lang = home;
let stream = null;
let heard = performance.now();
let deadline = null; // of the code, by performance.now()
let shown = ""; // HTML of the region, as it came
let sources = new Map(); // part -> its HTML as it came, before the script touched it

// --- The stream ---

function connect() {
  stream?.close();
  const path = page === "driver" ? "/driver/events" : "/events";
  stream = new EventSource(path + "?lang=" + encodeURIComponent(lang));
  listen("hello", (data) => {
    if (data !== version) location.reload();
  });
  listen("beat", (data) => {
    deadline = data === "none" ? null : performance.now() + Number(data);
    tick();
  });
  listen("view", paint);
}

function listen(name, hear) {
  stream.addEventListener(name, (event) => {
    heard = performance.now();
    hear(event.data);
  });
}

// watch looks after the stream. EventSource reconnects by itself after a broken
// connection, but not after a refusal, and never notices a silent one.
function watch() {
  const silence = performance.now() - heard;
  const gone = silence > lostAfter;
  if (gone !== lost()) {
    document.body.classList.toggle("lost", gone);
    byId("lost").textContent = gone ? screen().dataset.reconnecting : "";
    if (gone) {
      dismiss();
      sheets.close();
    }
  }
  const closed = stream.readyState === EventSource.CLOSED && silence > 1000;
  if (closed || silence > hungAfter) {
    heard = Math.max(heard, performance.now() - lostAfter - 1);
    connect();
  }
}

// --- Painting ---

// paint shows a region. Only the parts that changed are replaced, so that a button
// under a finger stays the same button and nothing flickers once a second.
function paint(html) {
  if (html === shown) return;
  shown = html;
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const fresh = holder.content.firstElementChild;
  const parts = partsOf(fresh);
  const old = screen();
  const { screen: before, spoken } = old.dataset;
  if (sameParts(parts)) {
    replaceParts(old, fresh, parts);
  } else {
    old.replaceWith(fresh);
  }
  sources = parts;
  document.documentElement.lang = screen().lang;
  settle();
  if (spoken !== screen().dataset.spoken) byId("announce").textContent = screen().dataset.spoken;
  if (before !== screen().dataset.screen) changed(before);
}

function partsOf(region) {
  return new Map([...region.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part.outerHTML]));
}

function sameParts(parts) {
  return parts.size === sources.size && [...parts.keys()].every((name) => sources.has(name));
}

function replaceParts(old, fresh, parts) {
  for (const name of old.getAttributeNames()) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of [...fresh.attributes]) old.setAttribute(name, value);
  for (const [name, source] of parts) {
    if (source === sources.get(name)) continue;
    const at = `[data-part="${name}"]`;
    old.querySelector(at).replaceWith(fresh.querySelector(at));
  }
}

// settle brings what the script owns up to date with new parts.
function settle() {
  fit();
  tick();
  dots();
  recheck();
  sheets.settle();
}

// changed reacts to another kind of picture: it moves in, and the next passenger
// starts in the kiosk's own language.
function changed(before) {
  const now = screen().dataset;
  screen().classList.add("arriving");
  if (page === "passenger" && now.screen === "idle" && before !== "starting" && lang !== home) speak(home);
}

function speak(tag) {
  lang = tag;
  connect();
}

// --- Fitting ---

// fit makes sure that nothing is cut off, whatever fonts the machine has: a full
// screen moves closer together, then all of it shrinks, and an amount to its
// column. The code gets a whole number of device pixels a module and starts on one.
function fit() {
  const root = document.documentElement;
  root.style.fontSize = "";
  document.body.classList.remove("dense");
  if (full()) document.body.classList.add("dense");
  for (let i = 0; i < 20 && full(); i++) {
    root.style.fontSize = parseFloat(getComputedStyle(root).fontSize) * 0.97 + "px";
  }
  for (const sum of document.querySelectorAll("[data-fit]")) {
    sum.style.fontSize = "";
    // Letters of another size are not exactly in proportion, so once may not do.
    for (let i = 0; i < 5 && sum.scrollWidth > sum.clientWidth; i++) {
      const size = parseFloat(getComputedStyle(sum).fontSize) * Math.min(0.995, sum.clientWidth / sum.scrollWidth);
      sum.style.fontSize = Math.floor(size * 100) / 100 + "px";
    }
  }
  const code = document.querySelector(".code");
  if (code) sharpen(code);
}

const full = () => [screen(), ...document.querySelectorAll(".passenger .slip, #sheet .side, #sheet .reasons, #sheet header")].some(overflows);
const overflows = (box) => box.scrollHeight > box.clientHeight || box.scrollWidth > box.clientWidth;

function sharpen(code) {
  const span = Number(code.dataset.span);
  const room = Math.min(code.parentElement.clientWidth, code.parentElement.clientHeight);
  const unit = Math.floor((room * devicePixelRatio) / span);
  if (unit < 1) return;
  code.style.translate = "";
  code.style.width = code.style.height = (unit * span) / devicePixelRatio + "px";
  const { left, top } = code.getBoundingClientRect();
  const off = (px) => Math.round(px * devicePixelRatio) / devicePixelRatio - px + "px";
  code.style.translate = off(left) + " " + off(top);
}

// --- The countdown ---

function tick() {
  const left = deadline === null ? null : Math.max(0, Math.ceil((deadline - performance.now()) / 1000));
  const text = left === null ? "" : Math.floor(left / 60) + ":" + String(left % 60).padStart(2, "0");
  for (const clock of document.querySelectorAll("[data-left]")) {
    if (clock.textContent !== text) clock.textContent = text;
    clock.parentElement.classList.toggle("soon", left !== null && left < 60);
    clock.parentElement.classList.toggle("timeless", left === null);
  }
}

// --- Buttons ---

// press sends an action, or asks first where the button says so.
function press(button) {
  const { action, trip, confirm, yes } = button.dataset;
  if (busy() || lost()) return;
  const act = () => tell("/driver/actions", { action, trip });
  if (!confirm) return act();
  // What was true when the question came up may have changed since.
  ask(confirm, yes, act, () => [...document.querySelectorAll("[data-action]")].some(
    (button) => button.dataset.action === action && button.dataset.trip === trip && button.dataset.confirm,
  ));
}

// tip sends the passenger's choice.
async function tip({ tip, trip }) {
  if (busy() || lost()) return;
  const answer = await post("/tip", { tip, trip });
  if (!answer.ok) toast("bad", answer.text);
  document.querySelector("dialog.choose")?.close();
}

// --- The PIN pad ---

let pin = "";

function dots() {
  const box = document.querySelector("[data-dots]");
  if (box) box.textContent = "•".repeat(pin.length);
}

function digit(d) {
  if (pin.length < 8) pin += d;
  dots();
}

function erase() {
  pin = "";
  dots();
}

async function unlock() {
  if (busy() || pin === "") return;
  const answer = await post("/driver/pin", { pin });
  erase();
  if (answer.ok) {
    toast("good", "");
    connect();
  } else {
    toast("bad", answer.text);
  }
}

async function lock() {
  await post("/driver/lock", {});
  connect();
}

// --- Touch and keys ---

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (event.detail > 0) button.blur(); // touched: keys that follow are not meant for it
  const data = button.dataset;
  if (data.lang) speak(data.lang);
  else if (data.action) press(button);
  else if (data.tip) tip(data);
  else if ("retip" in data) document.querySelector("dialog.choose").showModal();
  else if ("keep" in data) document.querySelector("dialog.choose").close();
  else if (data.digit) digit(data.digit);
  else if ("erase" in data) erase();
  else if ("unlock" in data) unlock();
  else if ("lock" in data) lock();
  else if (button.id === "no") dismiss();
  else if (button.id === "yes") yes();
  else sheets.touched(button);
});

document.addEventListener("keydown", (event) => {
  if (page !== "driver") return;
  if (!document.querySelector("[data-dots]")) return sheets.pressed(event);
  if (/^[0-9]$/.test(event.key)) digit(event.key);
  else if (event.key === "Backspace") erase();
  else if (event.key === "Enter" && event.target === document.body) unlock();
});

document.addEventListener("contextmenu", (event) => event.preventDefault());
addEventListener("resize", fit);
document.fonts.addEventListener("loadingdone", fit); // what fitted with a stand-in may not with the font

sources = partsOf(screen());
settle();
connect();
setInterval(tick, 250);
setInterval(watch, 500);

// Live changes of a passenger's page. Without this file every page works; those that
// wait then load themselves again.
const silence = 30000; // ms without a word until the stream is given up
const pause = 5000; // ms until it is tried again

const byId = (id) => document.getElementById(id);
const region = () => byId("live");

let stream = null;
let heard = 0;
let retry = 0;

function open() {
  close();
  const address = region().dataset.live;
  if (!address || document.hidden) return;
  heard = performance.now();
  stream = new EventSource(address);
  stream.addEventListener("view", (event) => listen(() => show(event.data)));
  stream.addEventListener("beat", () => listen(() => {}));
  stream.addEventListener("end", () => location.reload());
  stream.onerror = () => {
    lost(true);
    if (stream?.readyState === EventSource.CLOSED) fall();
  };
}

function close() {
  clearTimeout(retry);
  stream?.close();
  stream = null;
}

function listen(act) {
  heard = performance.now();
  lost(false);
  act();
}

// fall takes the page as it is now the plain way, and tries the stream again later.
async function fall() {
  close();
  retry = setTimeout(open, pause);
  try {
    const answer = await fetch(location.href);
    const html = await answer.text();
    if (answer.ok) listen(() => show(html));
    if (answer.status === 404) location.reload();
  } catch {
    // Still lost; the next try says so.
  }
}

function lost(is) {
  byId("lost").textContent = is ? byId("lost").dataset.text : "";
}

// show takes the region out of HTML and puts it in place of the one on the page.
function show(html) {
  const now = region();
  const next = new DOMParser().parseFromString(html, "text/html").getElementById("live");
  if (!next || next.dataset.shown === now.dataset.shown) return;
  const focused = now.contains(document.activeElement);
  now.replaceWith(document.adoptNode(next));
  document.body.className = next.dataset.mood;
  byId("notice")?.remove();
  const headline = next.querySelector("h1");
  const sum = next.querySelector(".sum");
  byId("announce").textContent = headline.textContent + (sum ? " " + sum.textContent : "");
  if (focused) headline.focus();
  if (!next.dataset.live) close();
}

// One press, one payment: the button rests until the page is left or comes back.
document.addEventListener("submit", (event) => {
  const button = event.target.querySelector(".button");
  if (button.ariaDisabled) {
    event.preventDefault();
    return;
  }
  button.ariaDisabled = "true";
  button.textContent = button.dataset.busy;
});

// Coming back from the payment app, the page may be an old picture of itself.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
addEventListener("pagehide", close);
setInterval(() => {
  if (stream && performance.now() - heard > silence) {
    lost(true);
    open();
  }
}, 1000);
open();

"use strict";
// Shows what the taxi does now, a few times a second, and presses its buttons.

const $ = (id) => document.getElementById(id);
let errorTimer;

function complain(text) {
  $("error").textContent = text;
  $("error").hidden = false;
  clearTimeout(errorTimer);
  errorTimer = setTimeout(() => { $("error").hidden = true; }, 4000);
}

function show(s) {
  $("m-state").textContent = s.meter.on ? s.meter.state : "NO POWER";
  $("m-fare").textContent = s.meter.fare;
  $("m-extras").textContent = s.meter.extras;
  $("m-about").textContent = s.meter.about;
  showKeys(s.meter.keys, s.meter.on);
  $("cable").textContent = s.meter.plugged ? "Pull the cable" : "Plug the cable in";
  $("cable").dataset.do = s.meter.plugged ? "cable/pull" : "cable/plug";

  $("p-bill").hidden = !s.phone.amount;
  $("p-amount").textContent = s.phone.amount || "";
  $("p-text").textContent = s.phone.text || "";
  const lines = s.phone.lines || [];
  if ($("p-lines").dataset.shown !== JSON.stringify(lines)) {
    $("p-lines").dataset.shown = JSON.stringify(lines);
    $("p-lines").replaceChildren(...lines.map((line) => {
      const li = document.createElement("li");
      for (const text of [line.name, line.total]) {
        const span = document.createElement("span");
        span.textContent = text;
        li.append(span);
      }
      return li;
    }));
  }
  const asks = s.phone.asks || [];
  $("p-asks").hidden = $("p-refuse").hidden = asks.length === 0;
  $("p-asks").textContent = "The taxi asks you to share: " + asks.join(", ");
  $("p-approve").textContent = asks.length ? "Share and approve" : "Approve";
  const page = s.fleet && !s.phone.amount && s.fleet.page;
  $("p-said").textContent = s.phone.amount || page ? "" : s.phone.said || "Point the camera at the passenger’s screen.";

  if (s.fleet) showFleet(s.fleet, page);
  for (const b of document.querySelectorAll("[data-network]")) {
    b.setAttribute("aria-pressed", String(b.dataset.network === s.network));
  }
  $("kill").disabled = !s.running;
  $("kill").textContent = s.running ? "kill -9" : "down, coming back …";
  $("screen").textContent = s.running ? s.screen || "…" : "nothing: the terminal is down";
  $("passenger").href = s.screens + "/";
  $("driver").href = s.screens + "/driver";

  $("empty").hidden = s.payments.length > 0;
  $("ledger").replaceChildren(...s.payments.map((p) => {
    const row = document.createElement("tr");
    for (const cell of [p.reference, p.state, p.amount, p.authorized, p.captured, p.cancelled, p.refunded, p.captures]) {
      const td = document.createElement("td");
      td.textContent = cell;
      row.append(td);
    }
    return row;
  }));
}

const said = {
  waiting: "This is your taxi’s page. The amount comes when the meter stops.",
  due: "To pay", open: "A payment has been started", approved: "Approved", paid: "Paid", settled: "Settled with the driver",
  offline: "The car has no network: scan its screen", closed: "Please pay the driver",
};

// showFleet shows what a taxi alone does not have.
function showFleet(f, page) {
  for (const e of document.querySelectorAll("[data-fleet]")) e.hidden = false;
  $("n-legend").textContent = "Gateway to payment API";
  $("sticker").href = f.sticker;
  for (const b of document.querySelectorAll("[data-line]")) {
    b.setAttribute("aria-pressed", String(b.dataset.line === f.line));
  }
  $("g-kill").disabled = !f.running;
  $("g-kill").textContent = f.running ? "kill -9" : "down, coming back …";
  $("g-revoke").textContent = f.revoked ? "Enrol it anew" : "Revoke the terminal";
  $("g-revoke").dataset.do = f.revoked ? "office/enrol" : "office/revoke";
  $("b-page").hidden = !page;
  $("b-state").textContent = page ? said[page.state] || "This page is not known" : "";
  $("b-amount").textContent = page ? page.amount : "";
  $("b-digits").textContent = page && page.digits ? "For the driver: " + page.digits : "";
  $("b-pay").hidden = !page || !page.payable;
}

// The keys are made once, so that a button that has the focus keeps it.
function showKeys(keys, on) {
  const box = $("m-keys");
  if (box.children.length !== keys.length) {
    box.replaceChildren(...keys.map((key) => {
      const b = document.createElement("button");
      b.textContent = key.label;
      b.dataset.do = "meter/" + key.name;
      return b;
    }));
  }
  keys.forEach((key, i) => { box.children[i].disabled = !on || !key.works; });
}

async function ask(path, options) {
  const r = await fetch(path, options);
  if (!r.ok) throw new Error((await r.text()).trim());
  show(await r.json());
}

document.addEventListener("click", (e) => {
  const b = e.target.closest("[data-do]");
  if (b) ask("do/" + b.dataset.do, { method: "POST" }).catch((err) => complain(err.message));
});

async function watch() {
  try {
    await ask("state");
  } catch {
    complain("The demo has ended.");
  }
  setTimeout(watch, 300);
}
watch();

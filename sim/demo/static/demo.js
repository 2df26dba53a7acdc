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
  for (const b of document.querySelectorAll("[data-when]")) {
    b.disabled = !(" " + b.dataset.when + " ").includes(" " + s.meter.state + " ");
  }
  document.querySelector('[data-do="meter/hired"]').textContent = s.meter.state === "STOPPED" ? "Hired again" : "Hired";
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
  $("p-said").textContent = s.phone.amount ? "" : s.phone.said || "Point the camera at the passenger’s screen.";

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

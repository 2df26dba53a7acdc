// What both pages use to talk: to the server, and to whoever looks at them.

export const byId = (id) => document.getElementById(id);
export const screen = () => byId("screen");
export const lost = () => document.body.classList.contains("lost");

let waiting = 0; // posts that something may not be pressed during
let toasting = 0;

export const busy = () => waiting > 0;

// post returns the server's answer. No answer is an answer too: nothing is sent
// again by itself.
export async function post(path, body) {
  waiting++;
  document.body.classList.add("busy");
  const answer = await quietly(path, body);
  if (--waiting === 0) document.body.classList.remove("busy");
  return answer;
}

// quietly posts without keeping anybody from pressing something else.
export async function quietly(path, body) {
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ...body, lang: screen().lang }),
      signal: AbortSignal.timeout(12000),
    });
    return await response.json();
  } catch {
    return { ok: false, text: screen().dataset.noAnswer };
  }
}

// tell posts and says what came of it.
export async function tell(path, body) {
  toast("wait", screen().dataset.sending ?? "…");
  const answer = await post(path, body);
  toast(answer.ok ? "good" : "bad", answer.text);
  return answer;
}

export function toast(mood, text) {
  const box = byId("toast");
  box.className = mood;
  box.textContent = text;
  // A dialog lies over everything but what was lifted after it.
  box.hidePopover();
  if (text) box.showPopover();
  clearTimeout(toasting);
  if (mood !== "wait" && text) toasting = setTimeout(() => toast("good", ""), mood === "good" ? 3000 : 8000);
}

// --- Questions, on the driver's page only ---

let question = null; // {run, still}: what a yes does, and whether there is still something to answer

export function ask(text, yes, run, still) {
  question = { run, still };
  byId("question").textContent = text;
  byId("yes").textContent = yes;
  byId("no").textContent = screen().dataset.back;
  byId("confirm").showModal();
}

export function yes() {
  const run = question?.run;
  dismiss();
  run?.();
}

export function dismiss() {
  question = null;
  byId("confirm")?.close();
}

// recheck withdraws a question that what has happened since has answered.
export function recheck() {
  if (question && !question.still()) dismiss();
}

// The Escape key closes a question too. The event comes late: another may be open by then.
byId("confirm")?.addEventListener("close", (event) => {
  if (!event.target.open) question = null;
});

// Looks at a page as a person would: what is cut off, what lies on top of what,
// what is too small or too pale to read. Evaluated in the page; returns a report.
(() => {
  const problems = [];
  const root = document.documentElement;
  const screen = document.getElementById("screen");
  const name = (el) => `${el.tagName.toLowerCase()}.${el.className.baseVal ?? el.className} "${el.textContent.trim().slice(0, 30)}"`;

  if (root.scrollWidth > innerWidth || root.scrollHeight > innerHeight) problems.push("the page scrolls");
  if (screen.scrollWidth > screen.clientWidth || screen.scrollHeight > screen.clientHeight) problems.push("the screen overflows");

  // What a list that moves has no room for comes when it is moved.
  const hidden = (el) => {
    const list = el.closest(".trips ol, .found, .deeds, .opens, .totals, .sheet .slip");
    if (list) {
      const [inner, outer] = [el.getBoundingClientRect(), list.getBoundingClientRect()];
      if (inner.bottom > outer.bottom + 1 || inner.top < outer.top - 1) return true;
    }
    return getComputedStyle(el).visibility === "hidden" || el.closest(".unseen, dialog:not([open])") !== null;
  };
  for (const row of document.querySelectorAll(".trips li")) {
    const [inner, list] = [row.getBoundingClientRect(), row.parentElement.getBoundingClientRect()];
    const cut = (edge) => inner.top < edge - 1 && inner.bottom > edge + 1;
    if (cut(list.top) || cut(list.bottom)) problems.push("a part of a row: " + name(row));
  }
  const ownText = (el) => [...el.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.data.trim() !== "");
  const boxOf = (el) => {
    if (el.matches("button, svg, img")) return el.getBoundingClientRect();
    const range = document.createRange();
    range.selectNodeContents(el);
    return range.getBoundingClientRect();
  };
  const modal = [...document.querySelectorAll("dialog[open]")].at(-1);
  const things = [...(modal ?? document.body).querySelectorAll("*")]
    .filter((el) => (ownText(el) || el.matches("svg, img, .card")) && !hidden(el))
    .map((el) => ({ el, box: boxOf(el) }))
    .filter(({ box }) => box.width > 0 && box.height > 0);

  for (const { el, box } of things) {
    if (box.left < 0 || box.top < 0 || box.right > innerWidth + 0.5 || box.bottom > innerHeight + 0.5) problems.push("outside the screen: " + name(el));
    if (getComputedStyle(el).display !== "inline" && el.scrollWidth > el.clientWidth + 1 && el.clientWidth > 0) problems.push("cut off: " + name(el));
  }
  const slack = 3; // font boxes are taller than their letters
  things.forEach((a, i) => {
    for (const b of things.slice(i + 1)) {
      if (a.el.contains(b.el) || b.el.contains(a.el)) continue;
      const across = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
      const down = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
      if (across > slack && down > slack) problems.push("overlap: " + name(a.el) + " and " + name(b.el));
    }
  });

  // Contrast by WCAG 2.2, against the nearest painted ground.
  const rgba = (color) => {
    const n = color.match(/[\d.]+/g).map(Number);
    return [n[0], n[1], n[2], n[3] ?? 1];
  };
  const over = (top, ground) => top.slice(0, 3).map((c, i) => c * top[3] + ground[i] * (1 - top[3]));
  const luminance = (c) => {
    const [r, g, b] = c.map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (el) => {
    if (!el) return [255, 255, 255];
    const color = rgba(getComputedStyle(el).backgroundColor);
    return color[3] === 1 ? color.slice(0, 3) : over(color, ground(el.parentElement));
  };
  let contrast = 21, palest = "", smallest = 1000, tiniest = "";
  for (const { el } of things) {
    if (!ownText(el)) continue;
    const style = getComputedStyle(el);
    const behind = ground(el);
    const [a, b] = [luminance(over(rgba(style.color), behind)), luminance(behind)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < contrast) [contrast, palest] = [ratio, name(el)];
    if (parseFloat(style.fontSize) < smallest) [smallest, tiniest] = [parseFloat(style.fontSize), name(el)];
  }

  const heights = (selector) => [...document.querySelectorAll(selector)].filter((el) => el.offsetHeight > 0).map((el) => el.offsetHeight);
  const code = document.querySelector(".code");
  const box = code?.getBoundingClientRect();
  return {
    problems, contrast, palest, smallest, tiniest,
    action: Math.min(1000, ...heights(".actions button, .pad button, .trips button, .tips button, dialog[open] button")),
    button: Math.min(1000, ...heights("button")),
    module: code ? box.width / code.dataset.span : 0,
    offGrid: code ? Math.abs(box.left - Math.round(box.left)) + Math.abs(box.top - Math.round(box.top)) : 0,
  };
})()

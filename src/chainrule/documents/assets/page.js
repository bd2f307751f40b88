"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const options = { throwOnError: false, trust: (context) => context.command === "\\htmlClass", strict: "ignore", output: "html" };

  function typeset(place, latex, label, display) {
    const inside = document.createElement("span");
    inside.setAttribute("aria-hidden", "true");
    katex.render(latex, inside, { ...options, displayMode: Boolean(display) });
    if (label !== undefined) { place.setAttribute("role", "math"); place.setAttribute("aria-label", label); }
    place.replaceChildren(inside);
  }
  for (const place of document.querySelectorAll(".math[data-tex]"))
    typeset(place, "\\displaystyle " + place.dataset.tex);

  // Long formulas scroll inside their line; whoever has no mouse can reach them.
  const scrolling = [...document.querySelectorAll(".right, .result, .scroll, figcaption")];
  function reachable() {
    for (const place of scrolling) {
      const wide = place.scrollWidth > place.clientWidth + 1;
      if (wide && !place.querySelector("button")) {
        place.tabIndex = 0;
        place.setAttribute("role", "group");
        place.setAttribute("aria-label", "a long line, which scrolls");
      } else place.removeAttribute("tabindex");
    }
  }
  reachable();
  addEventListener("resize", reachable);

  // Where a symbol was computed, and where it is used.
  const line = (key) => document.getElementById(key);
  const lineOf = (node) => [...node.classList].filter((c) => c.startsWith("of-")).map((c) => c.slice(3))[0];
  function dim() {
    for (const node of document.querySelectorAll(".lit, .line.from, .line.use, .line.here")) node.classList.remove("lit", "from", "use", "here");
  }
  function light(key) {
    dim();
    const origin = line(key);
    if (!origin) return;
    origin.classList.add("from");
    for (const symbol of document.querySelectorAll(`.sym.of-${key}`)) {
      symbol.classList.add("lit");
      const place = symbol.closest(".line");
      if (place && place !== origin) place.classList.add("use");
    }
  }
  const keyAt = (target) => {
    const symbol = target.closest && target.closest(".sym");
    if (symbol) return lineOf(symbol);
    const link = target.closest && target.closest(".way a[data-line]");
    return link ? link.dataset.line : null;
  };
  for (const [begin, end] of [["pointerover", "pointerout"], ["focusin", "focusout"]]) {
    document.addEventListener(begin, (event) => { const key = keyAt(event.target); if (key) light(key); });
    document.addEventListener(end, (event) => { if (keyAt(event.target)) dim(); });
  }
  document.addEventListener("click", (event) => {
    const symbol = event.target.closest(".sym");
    if (symbol && line(lineOf(symbol))) { line(lineOf(symbol)).scrollIntoView({ block: "center" }); light(lineOf(symbol)); }
  });

  // A cell opens its arithmetic.
  function close(article) {
    for (const panel of article.querySelectorAll(".opened")) panel.remove();
    for (const cell of article.querySelectorAll('[aria-expanded="true"]')) cell.setAttribute("aria-expanded", "false");
  }
  function arithmetic(at) {
    const entry = data.entries[at], panel = document.createElement("div");
    panel.className = "opened";
    panel.tabIndex = 0;
    panel.setAttribute("role", "group");
    if (entry) {
      const [left, rows, text] = entry;
      const latex = "\\begin{aligned}" + rows.map(([sign, right], n) => (n ? "" : left) + "&" + sign + " " + right).join("\\\\") + "\\end{aligned}";
      const math = document.createElement("div");
      typeset(math, "\\displaystyle " + latex, text);
      panel.setAttribute("aria-label", "arithmetic of this entry");
      panel.append(math);
    } else {
      const [key, place] = at.split(":");
      panel.setAttribute("aria-label", "how to see the arithmetic");
      const words = document.createElement("p");
      words.textContent = `All terms of this entry, in Python: working.entry(${JSON.stringify(line(key).getAttribute("aria-label"))}, (${place},))`;
      panel.append(words);
    }
    return panel;
  }
  function open(cell) {
    const article = cell.closest(".line"), again = cell.getAttribute("aria-expanded") === "true";
    close(article);
    if (again) return;
    cell.setAttribute("aria-expanded", "true");
    article.append(arithmetic(cell.dataset.at));
  }
  for (const cell of document.querySelectorAll(".cell")) {
    cell.setAttribute("aria-expanded", "false");
    cell.addEventListener("click", () => open(cell));
    cell.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { close(cell.closest(".line")); return; }
      const steps = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
      const td = cell.closest("td"), tr = cell.closest("tr");
      if (!steps || !td) return;
      const row = tr.parentNode.children[[...tr.parentNode.children].indexOf(tr) + steps[0]];
      const next = row && row.children[[...tr.children].indexOf(td) + steps[1]];
      if (next) { next.querySelector(".cell").focus(); event.preventDefault(); }
    });
  }

  // Large arrays: the picture in whole pixels; any entry by its indices, or by a click on the picture.
  const numbersOf = (key) => {
    const raw = atob(data.arrays[key].numbers), bytes = new Uint8Array(raw.length);
    for (let n = 0; n < raw.length; n++) bytes[n] = raw.charCodeAt(n);
    return new Float32Array(bytes.buffer);
  };
  for (const large of document.querySelectorAll(".large")) {
    const key = large.dataset.line, about = data.arrays[key], picture = large.querySelector("img");
    const fields = [...large.querySelectorAll("input")], answer = large.querySelector("output");
    const scale = () => {
      const [w, h] = [picture.naturalWidth, picture.naturalHeight], room = large.parentNode.clientWidth || 600;
      const factor = Math.max(1, Math.floor(Math.min(room / w, 560 / w, 300 / h, 14)));
      picture.style.width = `${w * factor}px`;
      picture.style.height = h === 1 ? "14px" : "auto";
    };
    if (picture.complete) scale(); else picture.addEventListener("load", scale);
    let numbers = null;
    const tell = () => {
      const at = fields.map((field, n) => Math.min(about.shape[n] - 1, Math.max(0, Math.round(+field.value) - about.first)));
      const name = `${about.name}[${at.map((i) => i + about.first).join(", ")}]`;
      if (about.numbers) {
        numbers = numbers || numbersOf(key);
        const flat = at.reduce((sum, i, n) => sum * about.shape[n] + i, 0);
        answer.textContent = `${name} ≈ ${String(Number(numbers[flat].toPrecision(4))).replace("-", "−")}`;
      } else answer.textContent = name;
      const article = large.closest(".line");
      close(article);
      article.append(arithmetic(`${key}:${at.join(",")}`));
    };
    for (const field of fields) field.addEventListener("input", tell);
    picture.addEventListener("click", (event) => {
      const x = Math.floor(event.offsetX / picture.clientWidth * picture.naturalWidth);
      const y = Math.floor(event.offsetY / picture.clientHeight * picture.naturalHeight);
      const shape = about.shape, rank = shape.length;
      if (rank === 1) fields[0].value = x + about.first;
      else {
        const [h, w] = [shape[rank - 2], shape[rank - 1]], tall = rank > 2 ? h + 1 : h, wide = rank > 2 ? w + 1 : w;
        fields[rank - 2].value = Math.min(h - 1, y % tall) + about.first;
        fields[rank - 1].value = Math.min(w - 1, x % wide) + about.first;
        let tile = rank > 2 ? Math.floor(y / tall) * about.across + Math.floor(x / wide) : 0;
        for (let n = rank - 3; n >= 0; n--) { fields[n].value = tile % shape[n] + about.first; tile = Math.floor(tile / shape[n]); }
      }
      large.querySelector("details").open = true;
      tell();
    });
  }

  // What a mark of a drawing says, at once and on touch too.
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.setAttribute("aria-hidden", "true");
  const marked = (target) => target.closest && target.closest(".drawing *:has(> title)");
  document.addEventListener("pointerover", (event) => {
    const mark = marked(event.target);
    if (!mark) { tip.remove(); return; }
    tip.textContent = mark.querySelector("title").textContent;
    document.body.append(tip);
    const box = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(innerWidth - box.width - 4, event.clientX + 12))}px`;
    tip.style.top = `${event.clientY > box.height + 16 ? event.clientY - box.height - 10 : event.clientY + 16}px`;
  });

  const root = document.documentElement, shade = document.getElementById("shade");
  const isDark = () => root.dataset.shade ? root.dataset.shade === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const say = () => { shade.textContent = isDark() ? "light" : "dark"; shade.setAttribute("aria-label", `switch to ${isDark() ? "light" : "dark"} colours`); shade.removeAttribute("aria-pressed"); };
  shade.addEventListener("click", () => { root.dataset.shade = isDark() ? "light" : "dark"; say(); });
  say();
})();

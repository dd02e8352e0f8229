"use strict";
// Shows the data of the page. Nothing here writes markup: all that a server said becomes text.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const VERDICTS = ["fail", "error", "fixed", "flaky", "known", "pass", "unsupported", "skipped"];
  const LEVELS = ["must", "should", "observed"];
  const SIGNS = { pass: "✓", fail: "✗", error: "!", known: "~", flaky: "≈", fixed: "+", unsupported: "∅", skipped: "·" };
  const AT_ONCE = 100;

  const SVG = "http://www.w3.org/2000/svg";
  function fill(made, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (name === "style") Object.assign(made.style, value);
      else if (value === true) made.setAttribute(name, "");
      else if (value !== false && value !== undefined && value !== null) made.setAttribute(name, value);
    }
    made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
    return made;
  }
  const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
  const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
  const section = (id) => document.getElementById(id);
  const group = (id) => id.split(/[/.]/)[0];
  const link = (kind, id) => `#${kind}=${encodeURIComponent(id)}`;
  const rank = (verdict) => VERDICTS.indexOf(verdict);
  const plural = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;
  function time(ms) {
    if (ms === null || ms === undefined) return "–";
    if (ms === 0) return "0 ms";
    if (ms < 1) return `${ms.toFixed(2)} ms`;
    if (ms < 10) return `${ms.toFixed(1)} ms`;
    return ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`;
  }
  const verdictMark = (verdict) => h("span", { class: `sign v-${verdict}`, role: "img", "aria-label": verdict, title: verdict }, SIGNS[verdict]);

  const cases = data.cases;
  const casesOf = new Map();
  for (const one of cases) {
    one.findings ||= []; one.exchanges ||= []; one.waits ||= []; one.covers ||= [];
    for (const id of new Set([...one.covers, ...one.findings.map((finding) => finding.requirement)])) {
      if (!casesOf.has(id)) casesOf.set(id, []);
      casesOf.get(id).push(one);
    }
  }
  const requirements = data.requirements;
  const known = new Set(requirements.map((one) => one.id));

  // ---- bodies

  // Lines of a JSON text with the pointer of each. Numbers stay as they are written, since ids have more digits than
  // a number of this language. Anything else than one JSON value answers null.
  function lines(text) {
    const token = /\s*("(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[[\]{},:])/y;
    const tokens = [];
    let end = 0;
    while (end < text.length) {
      token.lastIndex = end;
      const found = token.exec(text);
      if (!found) break;
      tokens.push(found[1]);
      end = token.lastIndex;
    }
    if (text.slice(end).trim() !== "" || tokens.length === 0) return null;
    const made = [];
    let at = 0;
    const pad = (depth) => "  ".repeat(depth);
    const step = (key) => key.replace(/~/g, "~0").replace(/\//g, "~1");
    const put = (depth, pointer, line) => made.push({ pointer, text: pad(depth) + line });
    function value(depth, pointer, before, more) {
      const first = tokens[at++];
      if (first === undefined) throw new Error("the text ends early");
      if (first !== "{" && first !== "[") {
        if ("]},:".includes(first)) throw new Error("no value");
        put(depth, pointer, before + first + more());
        return;
      }
      const close = first === "{" ? "}" : "]";
      if (tokens[at] === close) {
        at += 1;
        put(depth, pointer, before + first + close + more());
        return;
      }
      // A list of plain values stays on one line.
      if (first === "[") {
        let last = at;
        while (last < tokens.length && !"[]{}:".includes(tokens[last])) last += 1;
        if (tokens[last] === "]") {
          const flat = tokens.slice(at, last).map((one) => (one === "," ? ", " : one)).join("");
          at = last + 1;
          put(depth, pointer, `${before}[${flat}]${more()}`);
          return;
        }
      }
      put(depth, pointer, before + first);
      for (let index = 0; ; index += 1) {
        let name = "";
        let inner = `${pointer}/${index}`;
        if (first === "{") {
          const key = tokens[at++];
          if (key === undefined || key[0] !== '"' || tokens[at++] !== ":") throw new Error("no key");
          name = `${key}: `;
          inner = `${pointer}/${step(JSON.parse(key))}`;
        }
        value(depth + 1, inner, name, () => (tokens[at] === "," ? "," : ""));
        const next = tokens[at++];
        if (next === close) break;
        if (next !== ",") throw new Error("no comma");
      }
      put(depth, null, close + more());
    }
    try {
      value(0, "", "", () => "");
    } catch {
      return null;
    }
    return at === tokens.length ? made : null;
  }

  const complaint = (finding) =>
    h("span", { class: "note" }, h("b", {}, "✗ expected "), finding.expected, h("b", {}, " · got "), JSON.stringify(finding.actual));

  // The body with the places of findings marked: the line itself, or the nearest above it when nothing is there.
  function body(part, findings) {
    const text = part.body || "";
    const cut = part.cut_from ? h("p", { class: "muted" }, `shortened: the body has ${part.cut_from} bytes`) : null;
    const marked = findings.filter((finding) => finding.pointer === "" || finding.pointer.startsWith("/"));
    const all = lines(text);
    if (!all) {
      const whole = marked.length > 0 && h("span", {}, marked.map(complaint));
      return [h("pre", { class: `body${marked.length ? " wrong" : ""}`, tabindex: 0 }, text === "" ? "(empty)" : text, whole), cut];
    }
    const notes = new Map();
    for (const finding of marked) {
      let pointer = finding.pointer;
      while (pointer !== "" && !all.some((line) => line.pointer === pointer)) pointer = pointer.slice(0, pointer.lastIndexOf("/"));
      const at = all.findIndex((line) => line.pointer === pointer);
      notes.set(at, [...(notes.get(at) || []), finding]);
    }
    const shown = all.map((line, at) => [
      h("span", { class: `l${notes.has(at) ? " wrong" : ""}` }, line.text),
      (notes.get(at) || []).map(complaint),
    ]);
    return [h("pre", { class: "body", tabindex: 0 }, shown), cut];
  }

  function headers(part, findings) {
    const about = findings.filter((finding) => finding.pointer.startsWith("header "));
    const wrong = (name) => about.some((finding) => finding.pointer.slice(7).toLowerCase() === name.toLowerCase());
    return [
      h("details", { class: "headers", open: about.length > 0 }, h("summary", {}, plural(part.headers.length, "header")),
        part.headers.map(([name, value]) => h("div", { class: wrong(name) ? "wrong" : "" }, h("code", {}, `${name}: ${value}`)))),
      about.map(complaint),
    ];
  }

  function call(one, exchange, extent) {
    const findings = one.findings.filter((finding) => finding.step === exchange.step);
    const status = findings.filter((finding) => finding.pointer === "status");
    const { request, response } = exchange;
    const part = (ms) => `${Math.min(100, (ms / extent) * 100)}%`;
    const made = h("details", { class: `call${findings.length ? " found" : ""}` },
      h("summary", {},
        h("code", {}, exchange.step),
        h("span", {}, findings.length > 0 && h("b", { class: "v-fail" }, "✗ "), h("code", {}, exchange.operation)),
        h("span", { title: "HTTP status" }, String(response.status)),
        h("span", { title: `at ${time(exchange.offset_ms)}` },
          h("small", {}, time(exchange.took_ms)),
          h("span", { class: "track", role: "presentation", style: { display: "block" } },
            h("i", { style: { left: part(exchange.offset_ms), width: part(exchange.took_ms) } })))));
    lazily(made, () => h("div", { class: "halves" },
      h("div", {}, h("h5", {}, "REQUEST"), h("code", {}, `${request.method} ${request.path}`), headers(request, []), body(request, [])),
      h("div", {}, h("h5", {}, "RESPONSE"), h("div", { class: status.length ? "wrong" : "" }, h("code", {}, `HTTP ${response.status}`)),
        status.map(complaint), headers(response, findings), body(response, findings))));
    return made;
  }

  // Fills an element in when it is first opened.
  function lazily(details, content) {
    details.fill = () => {
      if (details.filled) return;
      details.filled = true;
      details.append(content());
    };
    details.addEventListener("toggle", () => details.open && details.fill());
  }
  function open(details) {
    details.fill();
    details.open = true;
  }

  // ---- requirements and cases

  const requirementLink = (id) => (known.has(id) ? h("a", { href: link("requirement", id) }, h("code", {}, id)) : h("code", {}, id));

  function findingView(finding) {
    const below = LEVELS.indexOf(finding.level) > LEVELS.indexOf(data.gate);
    const copy = h("button", { type: "button", onclick: async () => {
      try {
        await navigator.clipboard.writeText(finding.curl);
        copy.textContent = "Copied";
      } catch {
        // Pages opened as files may not write to the clipboard; the text can still be taken by hand.
        getSelection().selectAllChildren(copy.previousSibling);
        copy.textContent = "Selected";
      }
    } }, "Copy");
    return h("div", { class: `finding${below ? " below" : ""}` },
      h("div", {}, requirementLink(finding.requirement), " ", h("span", { class: "level" }, below ? `${finding.level}, below the gate` : finding.level)),
      h("p", {}, h("b", {}, `Step ${finding.step}, ${finding.operation}: `), finding.message),
      h("dl", {},
        h("dt", {}, "expected"), h("dd", {}, h("span", { class: "expected" }, finding.expected)),
        h("dt", {}, "got"), h("dd", {}, h("code", { class: "actual" }, JSON.stringify(finding.actual)),
          finding.pointer !== "" && [" at ", h("code", {}, finding.pointer)]),
        finding.sources.length > 0 && [h("dt", {}, "source"), h("dd", {}, finding.sources.map((source) => h("div", {}, source)))]),
      h("div", { class: "curl" }, h("pre", { tabindex: 0 }, finding.curl), copy));
  }

  function caseInside(one) {
    const extent = Math.max(one.duration || 0, ...one.exchanges.map((exchange) => exchange.offset_ms + exchange.took_ms), 0.001);
    const calls = one.exchanges.map((exchange) => call(one, exchange, extent));
    calls.filter((made) => made.classList.contains("found")).slice(0, 3).forEach(open);
    return h("div", { class: "inside" },
      one.reason && h("p", {}, one.verdict === "unsupported" ? `The target has no ${one.reason}.` : one.reason),
      h("dl", { class: "kv" },
        h("dt", {}, "file"), h("dd", {}, h("code", {}, one.file), one.findings[0]?.line ? `, line ${one.findings[0].line}` : ""),
        one.covers.length > 0 && [h("dt", {}, "rules"), h("dd", {}, one.covers.map((id, at) => [at > 0 ? ", " : "", requirementLink(id)]))],
        one.calls && [h("dt", {}, "course"), h("dd", {}, `${plural(one.calls, "call")}, ${plural(one.passed || 0, "check")} held, ${time(one.duration || 0)}`)],
        one.waits.length > 0 && [h("dt", {}, "waits"), h("dd", {}, one.waits.map((wait) =>
          h("div", {}, `step ${wait.step}, `, h("code", {}, wait.operation), `: ${time(wait.waited_ms)}, ${plural(wait.polls, "question")}`, !wait.held && h("b", { class: "v-fail" }, ", in vain"))))],
        one.left && [h("dt", {}, "left behind"), h("dd", {}, one.left.map((left) => h("div", {}, `${left.object} ${left.name}: ${left.why}`)))]),
      one.findings.map(findingView),
      calls.length > 0 && [h("h4", {}, "Calls"), one.left_out > 0 && h("p", { class: "muted" }, `${plural(one.left_out, "call")} left out`), calls]);
  }

  function item(kind, one, name, aside, inside) {
    const made = h("details", { class: "item", "data-kind": kind, "data-id": one.id },
      h("summary", {}, verdictMark(one.verdict), h("span", { class: "name" }, name), h("small", {}, aside)));
    lazily(made, inside);
    return made;
  }

  const caseItem = (one) => item("case", one, [h("code", {}, one.id), h("span", {}, one.title)],
    one.calls ? `${plural(one.calls, "call")}, ${time(one.duration || 0)}` : one.verdict, () => caseInside(one));

  const requirementItem = (one) => {
    const own = casesOf.get(one.id) || [];
    const aside = one.passed + one.failed > 0 ? `${one.failed > 0 ? `${one.failed} of ${one.passed + one.failed} checks broken` : `${plural(one.passed, "check")} held`}` : "not checked";
    return item("requirement", one, [h("code", {}, one.id), h("span", { class: "level" }, one.level), h("span", {}, one.statement)], aside, () =>
      h("div", { class: "inside" },
        h("dl", { class: "kv" },
          one.sources.length > 0 && [h("dt", {}, "source"), h("dd", {}, one.sources.map((source) => h("div", {}, source)))],
          one.not_testable && [h("dt", {}, "not testable"), h("dd", {}, one.not_testable)],
          h("dt", {}, "cases"), h("dd", {}, own.length === 0 ? "checked along the way" : h("ul", { class: "links" }, [...own].sort((a, b) => rank(a.verdict) - rank(b.verdict)).slice(0, 60).map((other) =>
            h("li", {}, verdictMark(other.verdict), " ", h("a", { href: link("case", other.id) }, h("code", {}, other.id)), ` ${other.title}`))), own.length > 60 && `and ${own.length - 60} more`)),
        own.flatMap((other) => other.findings.filter((finding) => finding.requirement === one.id).map((finding) =>
          h("div", {}, h("h4", {}, h("a", { href: link("case", other.id) }, other.id)), findingView(finding)))).slice(0, 10)));
  };

  function list(title, all, make, text) {
    const sorted = [...all].sort((a, b) => rank(a.verdict) - rank(b.verdict) || (a.id < b.id ? -1 : 1));
    const texts = new Map(sorted.map((one) => [one.id, text(one).toLowerCase()]));
    const place = h("div", {});
    const heading = h("h3", {}, title);
    const more = h("button", { type: "button", class: "more", onclick: () => add(Infinity) });
    let wanted = [];
    let shown = 0;
    const made = new Map();
    function add(number) {
      const next = wanted.slice(shown, shown + number);
      place.append(...next.map((one) => {
        if (!made.has(one.id)) made.set(one.id, make(one));
        return made.get(one.id);
      }));
      shown += next.length;
      more.hidden = shown >= wanted.length;
      more.textContent = `Show ${wanted.length - shown} more`;
    }
    return {
      nodes: [heading, place, more],
      show(wants) {
        wanted = sorted.filter((one) => wants(one, texts.get(one.id)));
        heading.textContent = `${title}: ${wanted.length === all.length ? all.length : `${wanted.length} of ${all.length}`}`;
        place.replaceChildren();
        shown = 0;
        add(AT_ONCE);
      },
      reveal(id) {
        const at = wanted.findIndex((one) => one.id === id);
        if (at < 0) return null;
        if (at >= shown) add(at - shown + 1);
        return made.get(id);
      },
    };
  }

  const lists = {
    requirement: list("Rules", requirements, requirementItem, (one) => `${one.id} ${one.statement} ${one.sources.join(" ")}`),
    case: list("Cases", cases, caseItem, (one) =>
      `${one.id} ${one.title} ${one.reason || ""} ${one.covers.join(" ")} ${one.findings.map((finding) => `${finding.requirement} ${finding.message} ${finding.operation}`).join(" ")}`),
  };

  // ---- filter

  const present = VERDICTS.filter((verdict) => cases.some((one) => one.verdict === verdict) || requirements.some((one) => one.verdict === verdict));
  const groups = [...new Set(cases.map((one) => group(one.id)))].sort();
  // Rules are named after one thing, cases after many: `partition.drop` belongs to `partitions/…`.
  const belongs = (id, wanted) => group(id) === wanted || wanted.startsWith(group(id));
  const query = h("input", { type: "search", id: "q", autocomplete: "off" });
  const boxes = new Map(present.map((verdict) => [verdict, h("input", { type: "checkbox", value: verdict, checked: true })]));
  const level = h("select", { id: "level" }, h("option", { value: "" }, "any"), LEVELS.map((one) => h("option", { value: one }, one)));
  const inGroup = h("select", { id: "group" }, h("option", { value: "" }, "all"), groups.map((one) => h("option", { value: one }, one)));
  const shown = h("output", { "aria-live": "polite" });
  const form = h("form", { class: "filter", role: "search", onsubmit: (event) => event.preventDefault(), oninput: () => changed(true) },
    h("label", {}, "Search ", query),
    h("fieldset", {}, h("legend", {}, "Verdict"), [...boxes].map(([verdict, box]) => h("label", { class: `v-${verdict}` }, box, ` ${SIGNS[verdict]} ${verdict}`))),
    h("label", {}, "Level ", level),
    h("label", {}, "Group ", inGroup),
    h("button", { type: "button", onclick: () => { set({}); changed(true); } }, "Reset"),
    shown);

  function set(state) {
    query.value = state.q || "";
    level.value = state.level || "";
    inGroup.value = state.group || "";
    const verdicts = state.verdict ? state.verdict.split(",") : present;
    for (const [verdict, box] of boxes) box.checked = verdicts.includes(verdict);
  }
  const levelOf = new Map(requirements.map((one) => [one.id, one.level]));
  function changed(remember) {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    const verdicts = new Set([...boxes].filter(([, box]) => box.checked).map(([verdict]) => verdict));
    const common = (one, text) => verdicts.has(one.verdict) && words.every((word) => text.includes(word)) && (!inGroup.value || belongs(one.id, inGroup.value));
    lists.requirement.show((one, text) => common(one, text) && (!level.value || one.level === level.value));
    lists.case.show((one, text) => common(one, text) && (!level.value || one.covers.some((id) => levelOf.get(id) === level.value) || one.findings.some((finding) => finding.level === level.value)));
    shown.textContent = words.length || inGroup.value || level.value || verdicts.size < present.length ? "filtered" : "";
    if (!remember) return;
    const state = new URLSearchParams();
    if (query.value) state.set("q", query.value);
    if (verdicts.size < present.length) state.set("verdict", [...verdicts].join(","));
    if (level.value) state.set("level", level.value);
    if (inGroup.value) state.set("group", inGroup.value);
    // Pages shown inside others may not touch the history; the filter works all the same.
    try { history.replaceState(null, "", `#${state}`); } catch { /* as said */ }
  }

  // Leads to what the address names: a section, a case, a requirement, or a filter.
  function follow() {
    const hash = location.hash.slice(1);
    if (!hash.includes("=")) return;
    const state = Object.fromEntries(new URLSearchParams(hash));
    const kind = state.case !== undefined ? "case" : state.requirement !== undefined ? "requirement" : null;
    if (!kind) {
      set(state);
      changed(false);
      section("explore").scrollIntoView();
      return;
    }
    let found = lists[kind].reveal(state[kind]);
    if (!found) {
      // The filter hides it; a link counts for more.
      set({});
      changed(false);
      found = lists[kind].reveal(state[kind]);
    }
    if (!found) {
      shown.textContent = `there is no ${kind} ${state[kind]} in this run`;
      section("explore").scrollIntoView();
      return;
    }
    document.querySelectorAll(".item.target").forEach((old) => old.classList.remove("target"));
    open(found);
    found.classList.add("target");
    found.scrollIntoView();
    found.querySelector("summary").focus({ preventScroll: true });
  }

  // ---- overview

  function overview() {
    const rows = groups.map((name) => {
      const own = cases.filter((one) => group(one.id) === name).sort((a, b) => rank(a.verdict) - rank(b.verdict) || (a.id < b.id ? -1 : 1));
      const tally = present.map((verdict) => [verdict, own.filter((one) => one.verdict === verdict).length]).filter(([, number]) => number > 0);
      const told = tally.map(([verdict, number]) => `${number} ${verdict}`).join(", ");
      // One square a case while they can be told apart; links that a keyboard skips, as the lists below have them all.
      const picture = own.length <= 250
        ? h("div", { class: "cells", role: "img", "aria-label": `${name}: ${told}` }, own.map((one) =>
            h("a", { class: `f-${one.verdict}`, href: link("case", one.id), tabindex: -1, "aria-hidden": "true", title: `${one.verdict}: ${one.id}` })))
        : bar(tally, own.length, `${name}: ${told}`);
      return h("div", { class: "row" },
        h("button", { type: "button", onclick: () => { set({ group: name }); changed(true); section("explore").scrollIntoView(); } }, name),
        picture,
        h("span", { class: "tally" }, tally.map(([verdict, number]) => h("span", { class: `v-${verdict}`, title: verdict }, `${SIGNS[verdict]} ${number}`))));
    });
    section("overview").append(
      h("p", { class: "legend" }, "Cases by group: ", present.map((verdict) => [h("span", { class: `v-${verdict}` }, `${SIGNS[verdict]} ${verdict}`), " "])),
      h("div", { class: "groups" }, rows));
    const broken = requirements.filter((one) => one.verdict === "fail" || one.verdict === "error");
    if (broken.length > 0) {
      section("overview").append(h("h3", {}, `Rules that do not hold: ${broken.length}`), h("ul", { class: "links" },
        broken.sort((a, b) => rank(a.verdict) - rank(b.verdict) || LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level)).slice(0, 40).map((one) =>
          h("li", {}, verdictMark(one.verdict), " ", h("a", { href: link("requirement", one.id) }, h("code", {}, one.id)), " ", h("span", { class: "level" }, one.level), ` ${one.statement}`)),
        broken.length > 40 && h("li", {}, `and ${broken.length - 40} more`)));
    }
  }

  function bar(tally, all, label) {
    let x = 0;
    return s("svg", { class: "bar", viewBox: "0 0 1000 10", preserveAspectRatio: "none", role: "img", "aria-label": label },
      tally.map(([verdict, number]) => {
        const width = (number / all) * 1000;
        x += width;
        return s("rect", { class: `f-${verdict}`, x: x - width, width, height: 10 });
      }));
  }

  // ---- course of the run

  function timeline() {
    const place = section("timeline");
    const ran = cases.filter((one) => one.calls).sort((a, b) => (a.offset || 0) - (b.offset || 0));
    const ends = (one) => (one.offset || 0) + (one.duration || 0);
    const end = ran.reduce((last, one) => Math.max(last, ends(one)), 0);
    if (ran.length === 0 || end === 0) {
      place.append(h("p", { class: "muted" }, "Nothing ran."));
      return;
    }
    const lanes = [];
    for (const one of ran) {
      let lane = lanes.findIndex((others) => ends(others[others.length - 1]) <= (one.offset || 0));
      if (lane < 0) lane = lanes.push([]) - 1;
      lanes[lane].push(one);
    }
    // One path a verdict: thousands of elements would make the page slow. What is under the pointer is computed.
    const across = (ms) => (ms / end) * 1000;
    const paths = new Map();
    lanes.forEach((others, lane) => others.forEach((one) => {
      const width = Math.max(across(one.duration || 0), 0.8).toFixed(2);
      paths.set(one.verdict, `${paths.get(one.verdict) || ""}M${across(one.offset || 0).toFixed(2)} ${lane * 12 + 1}h${width}v10h-${width}z`);
    }));
    const under = (event) => {
      const box = picture.getBoundingClientRect();
      const ms = ((event.clientX - box.left) / box.width) * end;
      const others = lanes[Math.floor(((event.clientY - box.top) / box.height) * lanes.length)] || [];
      const slack = end / box.width * 3;
      return others.find((one) => (one.offset || 0) - slack <= ms && ms <= ends(one) + slack);
    };
    const tip = s("title", {});
    const picture = s("svg", {
      onclick: (event) => { const one = under(event); if (one) location.hash = link("case", one.id); },
      onpointermove: (event) => {
        const one = under(event);
        tip.textContent = one ? `${one.id}: ${one.verdict}, ${time(one.duration || 0)}, from ${time(one.offset || 0)}` : "";
      },
    }, tip, [...paths].map(([verdict, d]) => s("path", { class: `f-${verdict}`, d })));
    const height = lanes.length * 12;
    const slowest = [...ran].sort((a, b) => (b.duration || 0) - (a.duration || 0)).slice(0, 10);
    place.append(
      h("p", { class: "muted" }, `${ran.length} cases in ${plural(lanes.length, "lane")}; each bar is a case and leads to it.`),
      fill(picture, { class: "waterfall", viewBox: `0 0 1000 ${height}`, preserveAspectRatio: "none", style: { height: `${Math.min(Math.max(height * 1.6, 60), 420)}px` }, role: "img", "aria-label": `Timeline of ${ran.length} cases over ${time(end)}` }, []),
      h("div", { class: "axis", "aria-hidden": "true" }, [0, 0.25, 0.5, 0.75, 1].map((part) => h("span", {}, time(end * part)))),
      h("h3", {}, "The longest"),
      h("ol", { class: "links" }, slowest.map((one) => h("li", {}, h("a", { href: link("case", one.id) }, h("code", {}, one.id)), ` ${time(one.duration || 0)}, ${plural(one.calls, "call")}`))));
  }

  // A logarithmic scale over all values, with round marks.
  function scale(values) {
    // Too many values to be arguments of one call.
    const least = values.reduce((one, other) => Math.min(one, other), Infinity);
    const most = values.reduce((one, other) => Math.max(one, other), 0.001);
    const low = Math.floor(Math.log10(Math.max(least, 0.001)));
    const high = Math.max(Math.ceil(Math.log10(most)), low + 1);
    const place = (ms) => `${Math.min(100, Math.max(0, ((Math.log10(Math.max(ms, 0.001)) - low) / (high - low)) * 100))}%`;
    const marks = [];
    for (let power = low; power <= high; power += 1) marks.push(10 ** power);
    const axis = h("div", { class: "scale", "aria-hidden": "true" }, marks.map((ms) => h("span", { style: { left: place(ms) } }, ms < 1 ? `${Number(ms.toPrecision(1))} ms` : ms < 1000 ? `${ms} ms` : `${ms / 1000} s`)));
    return { place, axis, width: (from, to) => `${Number.parseFloat(place(to)) - Number.parseFloat(place(from))}%` };
  }

  function latency() {
    const place = section("latency");
    if (data.latency.length === 0) {
      place.append(h("p", { class: "muted" }, "There are no sums: the run did not come to its end, or an older version wrote the file."));
      return;
    }
    const { place: at, axis, width } = scale(data.latency.flatMap((one) => [one.min, one.max]));
    place.append(
      h("p", { class: "muted" }, "The line goes from the fastest answer to the slowest, the box from the median, which has a mark, to the one that 90 of 100 are no slower than."),
      h("div", { class: "plot" }, h("div", { class: "row" }, h("span", {}), axis, h("span", { class: "n muted" }, "median · p90 · p99 · number")),
        [...data.latency].sort((a, b) => b.p50 - a.p50).map((one) => h("div", { class: "row" },
          h("code", {}, one.operation),
          h("div", { class: "line", role: "img", "aria-label": `median ${time(one.p50)}, from ${time(one.min)} to ${time(one.max)}` },
            h("i", { class: "range", style: { left: at(one.min), width: width(one.min, one.max) } }),
            h("i", { class: "box", style: { left: at(one.p50), width: width(one.p50, one.p90) } }),
            h("i", { class: "middle", style: { left: at(one.p50) } })),
          h("span", { class: "n" }, `${time(one.p50)} · ${time(one.p90)} · ${time(one.p99)} · ${one.count}`)))));
  }

  function waits() {
    const place = section("waits");
    const all = new Map();
    for (const one of cases) for (const wait of one.waits) {
      if (!all.has(wait.operation)) all.set(wait.operation, []);
      all.get(wait.operation).push({ ...wait, id: one.id });
    }
    if (all.size === 0) {
      place.append(h("p", { class: "muted" }, "No case had to wait for anything."));
      return;
    }
    const { place: at, axis } = scale([...all.values()].flat().map((wait) => wait.waited_ms));
    const middle = (waits) => [...waits].sort((a, b) => a.waited_ms - b.waited_ms)[Math.floor(waits.length / 2)].waited_ms;
    place.append(
      h("p", { class: "muted" }, "How long it took until an awaited condition was seen, by the operation that was asked. A square stands for a condition that never came true."),
      h("div", { class: "plot" }, h("div", { class: "row" }, h("span", {}), axis, h("span", { class: "n muted" }, "median · longest · number")),
        [...all].sort(([, a], [, b]) => middle(b) - middle(a)).map(([operation, waits]) => {
          const vain = waits.filter((wait) => !wait.held).length;
          const longest = waits.reduce((one, wait) => Math.max(one, wait.waited_ms), 0);
          // Many dots at one place say no more than a few; those that stand out are all shown.
          const every = Math.ceil(waits.length / 150);
          const dots = [...waits].sort((a, b) => b.waited_ms - a.waited_ms).filter((wait, index) => !wait.held || index < 10 || index % every === 0);
          return h("div", { class: "row" },
            h("code", {}, operation),
            h("div", { class: "line", role: "img", "aria-label": `median ${time(middle(waits))}, longest ${time(longest)}` },
              dots.map((wait) => h("i", { class: `dot${wait.held ? "" : " not"}`, style: { left: at(wait.waited_ms) }, title: `${wait.id}, step ${wait.step}: ${time(wait.waited_ms)}, ${plural(wait.polls, "question")}` }))),
            h("span", { class: "n" }, `${time(middle(waits))} · ${time(longest)} · ${waits.length}`, vain > 0 && h("b", { class: "v-fail" }, ` · ${vain} in vain`)));
        })));
  }

  function readings() {
    const place = section("readings");
    const rows = Object.entries(data.readings);
    if (rows.length === 0) {
      place.append(h("p", { class: "muted" }, "None of these points was met."));
    } else {
      place.append(h("p", { class: "muted" }, "Points on which documents contradict each other or servers. Every form is accepted; this is what the target does."),
        h("div", { class: "wide" }, h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, "point"), h("th", {}, "form"), h("th", { class: "n" }, "answers"))),
          h("tbody", {}, rows.flatMap(([name, forms]) => Object.entries(forms).map(([form, times]) =>
            h("tr", {}, h("th", { scope: "row" }, h("code", {}, name)), h("td", {}, form), h("td", { class: "n" }, String(times)))))))));
    }
    if (data.undocumented.length > 0) {
      place.append(h("h3", {}, "Properties that no document names"), h("ul", { class: "links" },
        data.undocumented.map(([operation, pointer]) => h("li", {}, h("code", {}, operation), " ", h("code", {}, pointer)))));
    }
  }

  overview();
  section("explore").append(form, ...lists.requirement.nodes, ...lists.case.nodes);
  changed(false);
  timeline();
  latency();
  waits();
  readings();
  addEventListener("hashchange", follow);
  follow();
  // On paper nothing can be opened: what went wrong is opened before.
  addEventListener("beforeprint", () => {
    for (const one of cases) if (one.verdict === "fail" || one.verdict === "error") {
      const found = lists.case.reveal(one.id);
      if (found) open(found);
    }
  });
})();

// The filter bar: everything is built with textContent, so markup in a name stays text.
// Menu and forms open in the browser; the server receives only the applied form.
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".filters");
  root.bar ??= root.appendChild(element("div", "bar"));
  root.panel ??= root.appendChild(panelOf(root));
  root.data = data;
  root.send = (form) => setTriggerValue("apply", { ...form, at: Date.now() });
  root.classList.remove("busy");
  keepFocus(root, () => root.bar.replaceChildren(...barOf(root, data)));
}

function barOf(root, { chips, clear }) {
  const add = button("add", "Filter", () => openMenu(root, add));
  add.prepend(icon("M19 13h-6v6h-2v-6H5v-2h6V5h2v6h6v2z"));
  add.setAttribute("aria-haspopup", "dialog");
  add.dataset.focus = "add";
  const list = element("ul", "chips");
  list.setAttribute("aria-label", "Active filters");
  list.append(...chips.map((chip, index) => chipOf(root, chip, index)));
  const parts = chips.length ? [add, list] : [add];
  if (clear) {
    const all = element("a", "clear", "Clear all");
    all.href = clear;
    parts.push(all);
  }
  return parts;
}

function chipOf(root, chip, index) {
  const item = element("li", "chip");
  const filter = chip.filter && filterOf(root, chip.filter);
  const words = filter ? button("words", chip.words, () => openForm(root, filter, { chip, opener: words })) : element("span", "words", chip.words);
  words.title = filter ? `Change: ${chip.words}` : chip.words;
  words.dataset.focus = `chip ${index}`;
  const gone = element("a", "gone", "×");
  gone.href = chip.gone;
  gone.setAttribute("aria-label", `Remove filter ${chip.words}`);
  item.append(words, gone);
  return item;
}

function filterOf(root, id) {
  return root.data.groups.flatMap((group) => group.filters).find((filter) => filter.id === id);
}

// The panel: the menu, or the form of one filter

function panelOf(root) {
  const panel = element("div", "panel");
  panel.popover = "auto";
  panel.tabIndex = -1;
  panel.setAttribute("role", "dialog");
  const place = () => placeAt(panel, root.opener);
  panel.addEventListener("toggle", ({ newState }) => {
    const change = newState === "open" ? addEventListener : removeEventListener;
    change("scroll", place, true);
    change("resize", place);
    root.opener?.setAttribute("aria-expanded", String(newState === "open"));
    const left = root.getRootNode().activeElement;
    if (newState === "closed" && (!left || panel.contains(left))) root.opener?.focus({ preventScroll: true });
  });
  panel.addEventListener("keydown", (event) => {
    event.stopPropagation();
    // A search field keeps Escape for itself, even an empty one.
    if (event.key === "Escape" && !event.target.value) panel.hidePopover();
  });
  return panel;
}

function open(root, label, opener, parts) {
  root.opener = opener ?? root.opener;
  root.panel.setAttribute("aria-label", label);
  root.panel.replaceChildren(...parts);
  if (!root.panel.matches(":popover-open")) {
    root.opener.focus();
    root.panel.showPopover();
  }
  placeAt(root.panel, root.opener);
}

function placeAt(panel, opener) {
  if (innerWidth <= 640 || !opener?.isConnected) return panel.removeAttribute("style");
  const at = opener.getBoundingClientRect();
  const room = innerHeight - at.bottom - 20;
  panel.style.left = `${Math.max(8, Math.min(at.left, innerWidth - panel.offsetWidth - 8))}px`;
  panel.style.top = `${room < 260 ? Math.max(8, innerHeight - panel.offsetHeight - 12) : at.bottom + 6}px`;
  panel.style.maxHeight = `${Math.max(room, 260)}px`;
}

function openMenu(root, opener) {
  const find = input("search", "Search filters");
  find.placeholder = "Search filters";
  const list = element("div", "menu");
  const nothing = element("p", "hint", "No matching filters.");
  for (const { label, filters } of root.data.groups) {
    const group = element("div", "group");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", label);
    group.append(element("div", "heading", label), ...filters.map((filter) => optionOf(root, filter)));
    group.words = label.toLowerCase();
    list.append(group);
  }
  find.oninput = () => narrow(list, find.value.trim().toLowerCase(), nothing);
  find.onkeydown = (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault(); // else the same key would press what gets the focus now
    shownOptions(list)[0]?.click();
  };
  list.append(nothing);
  nothing.hidden = true;
  open(root, "Filters", opener, [find, list]);
  root.panel.onkeydown = (event) => walk(event, [find, ...shownOptions(list)]);
  focusOn(root.panel, find);
}

function optionOf(root, filter) {
  const present = !filter.several && root.data.chips.find((chip) => chip.filter === filter.id);
  const option = button("option", filter.label, () => openForm(root, filter, { chip: present || null, fromMenu: true }));
  if (filter.unavailable) option.append(element("span", "note", "coming soon"));
  else if (present) option.append(element("span", "note", "active"));
  return option;
}

function narrow(list, text, nothing) {
  for (const group of list.querySelectorAll(".group")) {
    const options = [...group.querySelectorAll(".option")];
    options.forEach((option) => (option.hidden = !`${group.words} ${option.textContent.toLowerCase()}`.includes(text)));
    group.hidden = options.every((option) => option.hidden);
  }
  nothing.hidden = shownOptions(list).length > 0;
}

function shownOptions(list) {
  return [...list.querySelectorAll(".group:not([hidden]) .option:not([hidden])")];
}

function walk(event, stops) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const here = stops.indexOf(event.target.getRootNode().activeElement);
  stops[(here + step + stops.length) % stops.length]?.focus();
  event.preventDefault();
}

// The form of a filter

function openForm(root, filter, { chip, opener, fromMenu }) {
  const present = chip?.form ?? { way: filter.ways[0].id, values: {} };
  const choose = (way, values) => {
    root.send({ filter: filter.id, way, values, instead: chip?.part ?? null });
    root.classList.add("busy");
    root.panel.hidePopover();
  };
  const form = filter.unavailable
    ? element("p", "hint", `${filter.unavailable}. The filter will be available then.`)
    : filter.ways.some((way) => way.inputs.length)
      ? inputsForm(filter, present, choose)
      : buttonsForm(filter, chip && present.way, choose);
  open(root, filter.label, opener, [titleOf(root, filter, fromMenu), form]);
  root.panel.onkeydown = null;
  focusOn(root.panel, form.querySelector?.(".inputs input") ?? form.querySelector?.("select, button"));
}

function titleOf(root, filter, fromMenu) {
  const title = element("div", "title");
  if (fromMenu) {
    const back = button("back", "", () => openMenu(root, root.opener));
    back.setAttribute("aria-label", "Back to all filters");
    back.append(icon("M20 11H7.8l5.6-5.6L12 4l-8 8 8 8 1.4-1.4L7.8 13H20v-2z"));
    title.append(back);
  }
  title.append(element("strong", "", filter.label));
  const close = button("close", "×", () => root.panel.hidePopover());
  close.setAttribute("aria-label", "Close");
  title.append(close);
  return title;
}

function buttonsForm({ ways, label }, present, choose) {
  const form = element("div", "buttons");
  form.setAttribute("role", "group");
  form.setAttribute("aria-label", label);
  for (const way of ways) {
    const one = button("option", way.label, () => choose(way.id, {}));
    one.setAttribute("aria-pressed", String(way.id === present));
    form.append(one);
  }
  return form;
}

function inputsForm(filter, present, choose) {
  const form = element("form", "form");
  const select = element("select");
  select.setAttribute("aria-label", `${filter.label}: how`);
  select.append(...filter.ways.map((way) => new Option(way.label, way.id, false, way.id === present.way)));
  const inputs = element("div", "inputs");
  const problem = element("p", "problem");
  problem.setAttribute("role", "alert");
  const kept = { ...present.values };
  const wayOf = () => filter.ways.find((way) => way.id === select.value);
  const show = () => {
    problem.textContent = "";
    inputs.replaceChildren(...wayOf().inputs.map((asked) => inputOf(asked, filter, kept)));
  };
  select.onchange = show;
  const apply = element("button", "apply", "Apply");
  form.onsubmit = (event) => {
    event.preventDefault();
    const values = Object.fromEntries(wayOf().inputs.map(({ name }) => [name, kept[name]]));
    if (wayOf().inputs.some(({ type, name }) => type === "choices" && !(kept[name] ?? []).length))
      return void (problem.textContent = filter.choices.length ? "Choose at least one." : "There is nothing to choose from yet.");
    choose(select.value, values);
  };
  show();
  const how = filter.ways.length > 1 ? select : element("p", "how", `${filter.ways[0].label}:`);
  form.append(how, inputs, problem, apply);
  return form;
}

function inputOf(asked, filter, kept) {
  if (asked.type === "choices") return choicesOf(asked, filter, kept);
  const label = element("label", asked.unit ? "input with-unit" : "input");
  const field = input({ number: "number", days: "number", date: "date", text: "text" }[asked.type]);
  if (asked.type === "number") field.step = "any";
  if (asked.type === "days") [field.min, field.max, field.step] = [1, 3650, 1];
  if (asked.type === "date") [field.min, field.max] = ["1900-01-01", "9998-12-31"];
  if (asked.type === "text") field.maxLength = 200;
  field.required = true;
  field.value = kept[asked.name] ?? "";
  field.oninput = () => (kept[asked.name] = field.value);
  const name = element("span", "", asked.label);
  label.append(name, field);
  if (asked.unit) label.append(element("span", "unit", asked.unit));
  return label;
}

function choicesOf({ name, label }, { choices }, kept) {
  kept[name] ??= [];
  const set = element("div", "choices");
  set.setAttribute("role", "group");
  set.setAttribute("aria-label", label);
  const lines = choices.map(({ value, label: words }) => {
    const line = element("label", "choice");
    const box = input("checkbox");
    box.checked = kept[name].includes(value);
    box.onchange = () => (kept[name] = box.checked ? [...kept[name], value] : kept[name].filter((other) => other !== value));
    line.append(box, element("span", "", words));
    return line;
  });
  set.append(...lines);
  if (choices.length <= 8) return set;
  const find = input("search", `Find in ${label}`);
  find.placeholder = "Find";
  find.onkeydown = (event) => event.key === "Enter" && event.preventDefault();
  find.oninput = () => {
    const text = find.value.trim().toLowerCase();
    lines.forEach((line) => (line.hidden = !line.textContent.toLowerCase().includes(text)));
  };
  const both = element("div");
  both.append(find, set);
  return both;
}

// On a phone the keyboard would cover half of the panel: there it opens when a field is touched.
function focusOn(panel, field) {
  (innerWidth <= 640 || !field ? panel : field).focus({ preventScroll: true });
}

// Keeps keyboard focus on the same chip, or on the button if the chip is gone.
function keepFocus(root, change) {
  const name = root.getRootNode().activeElement?.dataset?.focus ?? (root.panel.contains(root.getRootNode().activeElement) ? "" : null);
  change();
  if (root.opener && !root.opener.isConnected) root.opener = root.querySelector('[data-focus="add"]');
  if (name) (root.querySelector(`[data-focus="${CSS.escape(name)}"]`) ?? root.querySelector('[data-focus="add"]')).focus({ preventScroll: true });
}

// The list is built with textContent alone: markup in visitors' data stays text.
// Rows are selected in the browser; an action sends the selection to the server.
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".list");
  const selection = selectionOf(root, data.scope);
  const send = (name, value) => {
    comeBack(root, root.getRootNode().activeElement?.dataset?.focus);
    setTriggerValue(name, { ...value, at: Date.now() });
  };

  const table = element("div", "table");
  table.setAttribute("role", "table");
  table.setAttribute("aria-label", data.label);
  table.style.setProperty("--columns", template(data));
  const rows = data.rows.map((row) => contactRow(row, data, selection, send));
  table.append(headRow(data, selection), ...rows.map((row) => row.element));

  const bar = element("div", "bar");
  const refresh = () => {
    rows.forEach((row) => row.refresh());
    table.querySelector(".head")?.refresh();
    showBar(bar, data, selection, send);
  };
  selection.changed = refresh;
  keepFocus(root, () => {
    root.replaceChildren(table, bar);
    refresh();
  });
}

// What is ticked, for as long as the same contacts are asked for, over all pages of them:
// `ids`, or all but those.  `last` is the row where a range starts.
function selectionOf(root, scope) {
  if (root.selection?.scope !== scope) root.selection = { scope, ids: new Set(), all: false, last: null, changed: () => {} };
  return root.selection;
}

function isTicked(selection, id) {
  return selection.all !== selection.ids.has(id);
}

function tick(selection, ids, on) {
  ids.forEach((id) => (on === selection.all ? selection.ids.delete(id) : selection.ids.add(id)));
  selection.changed();
}

function tickAll(selection, all) {
  Object.assign(selection, { all, ids: new Set(), last: null });
  selection.changed();
}

// The rows from the one that was ticked last to this one: what Shift takes along.
function rangeTo(id, rows, selection) {
  const [from, to] = [selection.last, id].map((end) => rows.findIndex((row) => row.id === end));
  if (from < 0) return [id];
  return rows.slice(Math.min(from, to), Math.max(from, to) + 1).map((row) => row.id);
}

function template({ columns, selectable }) {
  return [...(selectable ? ["1.9rem"] : []), ...columns.map((column) => column.width), "auto"].join(" ");
}

function headRow({ columns, rows, selectable }, selection) {
  const head = element("div", "row head");
  head.setAttribute("role", "row");
  head.refresh = () => {};
  if (selectable) {
    const [cell, box] = checkbox("Select this page", "page");
    const ids = rows.map((row) => row.id);
    box.onchange = () => tick(selection, ids, box.checked);
    head.refresh = () => {
      const ticked = ids.filter((id) => isTicked(selection, id)).length;
      box.checked = ticked > 0 && ticked === ids.length;
      box.indeterminate = ticked > 0 && ticked < ids.length;
    };
    cell.setAttribute("role", "columnheader");
    head.append(cell);
  }
  const rest = element("div", "rest");
  rest.setAttribute("role", "none");
  rest.append(...columns.map(heading));
  const tools = element("span", "tools");
  tools.setAttribute("role", "columnheader");
  tools.append(element("span", "unseen", "Details"));
  head.append(rest, tools);
  return head;
}

function heading({ label, css, sort }) {
  const cell = element("span", css);
  cell.setAttribute("role", "columnheader");
  if (!sort) {
    cell.textContent = label;
    return cell;
  }
  cell.setAttribute("aria-sort", sort.direction);
  const link = element("a", "sort", label);
  link.href = sort.href;
  link.dataset.focus = `sort ${label}`;
  const arrow = element("span", "arrow", { ascending: "↑", descending: "↓", none: "↕" }[sort.direction]);
  arrow.setAttribute("aria-hidden", "true"); // the heading says how it is sorted
  link.append(arrow);
  cell.append(link);
  return cell;
}

function contactRow(row, { columns, rows, selectable, deletable }, selection, send) {
  const line = element("div", "row");
  line.setAttribute("role", "row");
  const [cell, box] = checkbox(`Select ${row.name}`, `tick ${row.id}`);
  box.onclick = ({ shiftKey }) => {
    const ids = shiftKey ? rangeTo(row.id, rows, selection) : [row.id];
    selection.last = row.id;
    tick(selection, ids, box.checked);
  };
  box.onkeydown = (event) => stepWith(event, line, box);
  box.setAttribute("aria-keyshortcuts", "Space Shift+Space ArrowDown ArrowUp");
  cell.setAttribute("role", "cell");
  if (selectable) line.append(cell);
  const rest = element("div", "rest");
  rest.setAttribute("role", "none");
  rest.append(...row.cells.map((found, index) => valueCell(found, columns[index], row)));
  line.append(rest, toolsOf(row, deletable, send));
  const refresh = () => {
    box.checked = isTicked(selection, row.id);
    line.classList.toggle("ticked", selectable && box.checked);
  };
  return { element: line, refresh };
}

// The arrows go from tick to tick; with Shift they tick the row that they reach as the one they leave.
function stepWith(event, line, box) {
  const next = { ArrowDown: line.nextElementSibling, ArrowUp: line.previousElementSibling }[event.key];
  const reached = next?.matches(".row:not(.head)") && next.querySelector(".tick input");
  if (!reached) return;
  event.preventDefault();
  reached.focus();
  if (event.shiftKey && reached.checked !== box.checked) reached.click();
}

function valueCell({ text, tone }, column, row) {
  const cell = element("span", column.css);
  cell.setAttribute("role", "cell");
  cell.title = text;
  if (column.id === "name") {
    const link = element("a", tone || "", text);
    link.href = row.href;
    link.dataset.focus = `open ${row.id}`;
    link.addEventListener("click", (event) => isPlain(event) && link.closest(".row").classList.add("opening"));
    cell.append(link);
    return cell;
  }
  if (tone === "none") cell.classList.add("none");
  else if (column.phone) cell.dataset.label = column.phone;
  if (tone && tone !== "none") cell.append(element("span", `badge ${tone}`, text));
  else cell.textContent = text;
  return cell;
}

function toolsOf(row, deletable, send) {
  const tools = element("span", "tools");
  tools.setAttribute("role", "cell");
  const details = element("a", "tool");
  details.href = row.href;
  details.title = "Details";
  details.dataset.focus = `details ${row.id}`;
  details.setAttribute("aria-label", `Details of ${row.name}`);
  details.append(icon("M3 17.2V21h3.8L17.8 9.9l-3.7-3.7L3 17.2zM20.7 7c.4-.4.4-1 0-1.4l-2.3-2.3c-.4-.4-1-.4-1.4 0l-1.8 1.8 3.7 3.7L20.7 7z"));
  tools.append(details);
  if (deletable) {
    const bin = element("button", "tool");
    bin.title = "Delete";
    bin.dataset.focus = `delete ${row.id}`;
    bin.setAttribute("aria-label", `Delete ${row.name}`);
    bin.append(icon("M6 19a2 2 0 0 0 2 2h8a2 2 0 0 0 2-2V7H6v12zM19 4h-3.5l-1-1h-5l-1 1H5v2h14V4z"));
    bin.onclick = () => send("remove", { id: row.id });
    tools.append(bin);
  }
  return tools;
}

// How many are ticked, in words; of all, some may have been left out.
function counted({ total, locale }, { all, ids }) {
  if (!all) return ids.size.toLocaleString(locale);
  if (!ids.size) return total.words;
  const left = total.number === null ? `${total.words} except ${ids.size}` : total.number - ids.size;
  return left.toLocaleString(locale);
}

function showBar(bar, data, selection, send) {
  const { actions, rows, total } = data;
  bar.hidden = !selection.all && !selection.ids.size;
  if (bar.hidden) return bar.replaceChildren();
  bar.setAttribute("role", "region");
  bar.setAttribute("aria-label", "Selected contacts");
  bar.words ??= element("strong"); // the same one stays, so that its changes are read aloud
  bar.words.setAttribute("aria-live", "polite");
  bar.words.textContent = `${counted(data, selection)} selected`;
  const parts = [bar.words];
  const pageIsTicked = rows.length && rows.every((row) => isTicked(selection, row.id));
  if (!selection.all && pageIsTicked && total.more)
    parts.push(button("quiet", `Select all ${total.words} that match`, () => tickAll(selection, true)));
  parts.push(button("quiet", "Clear", () => tickAll(selection, false)));
  const chosen = () => {
    const ids = [...selection.ids];
    return selection.all ? { ids: [], all: true, but: ids } : { ids, all: false, but: [] };
  };
  const offered = element("span", "actions");
  const fits = ({ exactly }) => exactly === null || (!selection.all && selection.ids.size === exactly);
  offered.append(...actions.filter(fits).map(({ id, label, tone }) => button(tone, label, () => send("act", { action: id, ...chosen() }))));
  bar.replaceChildren(...parts, offered);
  bar.querySelectorAll("button").forEach((made) => (made.dataset.focus = made.textContent));
}

function checkbox(label, name) {
  const cell = element("span", "tick");
  const box = input("checkbox", label);
  box.dataset.focus = name;
  cell.append(box);
  return [cell, box];
}

function isPlain(event) {
  return !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button);
}

// A dialog that closes gives the focus back to the page, but cannot see into this list: here it is given on.
function comeBack(root, name) {
  if (!name) return;
  let opened = false;
  const watch = new MutationObserver(() => {
    const open = document.querySelector('[role="dialog"]');
    opened ||= open !== null;
    if (!opened || open) return;
    watch.disconnect();
    setTimeout(() => {
      const lost = [document.body, root.getRootNode().host].includes(document.activeElement) && !root.getRootNode().activeElement;
      if (lost) root.querySelector(`[data-focus="${CSS.escape(name)}"]`)?.focus({ preventScroll: true });
    }, 400);
  });
  watch.observe(document.body, { childList: true, subtree: true });
  setTimeout(() => opened || watch.disconnect(), 15_000);
}

// Keeps keyboard focus on the same heading, checkbox or button.
function keepFocus(root, change) {
  const name = root.getRootNode().activeElement?.dataset?.focus;
  change();
  if (name) root.querySelector(`[data-focus="${CSS.escape(name)}"]`)?.focus({ preventScroll: true });
}

// The menu of a sheet.  Copying the link and printing happen in the browser; actions that change
// data are sent to the page.
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".menu");
  const opener = root.querySelector("button");
  const list = root.querySelector("[role=menu]");
  const status = root.querySelector("[role=status]");

  const open = (on) => {
    list.hidden = !on;
    opener.setAttribute("aria-expanded", String(on));
    if (!on) return;
    list.classList.toggle("rightwards", opener.getBoundingClientRect().right < list.offsetWidth + 8);
    list.querySelector("button").focus();
  };
  opener.onclick = () => open(list.hidden);

  const act = {
    copy: async () => {
      const address = new URL(window.location.pathname, window.location.origin);
      address.searchParams.set("contact", data.contact);
      status.textContent = (await copied(address.href)) ? "Link copied" : address.href;
      setTimeout(() => (status.textContent = ""), 2500);
    },
    print: () => window.print(),
  };
  const chosen = (id) => setTriggerValue("chosen", { id, contact: data.contact, at: Date.now() });
  list.replaceChildren(
    ...data.items.map(({ id, label, tone }) => {
      const item = button(tone, label, () => {
        open(false);
        opener.focus();
        act[id] ? act[id]() : chosen(id);
      });
      item.setAttribute("role", "menuitem");
      return item;
    }),
  );

  list.onkeydown = (event) => {
    const items = [...list.children];
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") {
      open(false);
      opener.focus();
    }
    if (!step) return;
    event.preventDefault();
    const next = items.indexOf(event.target) + step;
    items[(next + items.length) % items.length].focus();
  };
  const elsewhere = (event) => event.composedPath().includes(root) || open(false);
  document.addEventListener("pointerdown", elsewhere);
  return () => document.removeEventListener("pointerdown", elsewhere);
}

// Pages that are not served by https have no clipboard of their own.
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const box = document.createElement("textarea");
    box.value = text;
    box.style.position = "fixed";
    document.body.append(box);
    box.select();
    const done = document.execCommand("copy");
    box.remove();
    return done;
  }
}

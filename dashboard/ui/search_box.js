// A search that follows one's typing.  The address is replaced, not added to: Back leaves
// the search as a whole, and not letter by letter.
const PAUSE = 250;

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".search");
  const input = root.querySelector("input");
  input.placeholder = data.placeholder;
  input.setAttribute("aria-label", data.label);
  root.classList.remove("busy");
  if (root.asked !== data.text) {
    // The address changed elsewhere; otherwise text typed since must stay.
    if (root.asked === undefined || root.getRootNode().activeElement !== input) input.value = data.text;
    root.asked = data.text;
  }

  const ask = () => {
    clearTimeout(root.pause);
    const text = input.value.trim();
    if (text === root.asked) return;
    root.asked = text;
    root.classList.add("busy");
    const address = new URL(window.location.href);
    if (text) address.searchParams.set(data.parameter, text);
    else address.searchParams.delete(data.parameter);
    data.leaves.forEach((parameter) => address.searchParams.delete(parameter));
    window.history.replaceState({}, "", address);
    setTriggerValue("search", { search: address.search, at: Date.now() });
  };
  input.oninput = () => {
    clearTimeout(root.pause);
    root.pause = setTimeout(ask, PAUSE);
  };
  input.onkeydown = (event) => {
    if (event.key === "Enter") ask();
  };
  input.onsearch = ask;

  const focus = (event) => {
    const inside = event.composedPath()[0];
    if (event.key !== "/" || inside.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(inside.tagName)) return;
    event.preventDefault();
    input.focus();
  };
  document.addEventListener("keydown", focus);
  return () => document.removeEventListener("keydown", focus);
}

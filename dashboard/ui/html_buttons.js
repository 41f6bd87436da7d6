// Sends a click on an element with data-act and data-about to the page.
export default function ({ data, setTriggerValue }) {
  const onClick = (event) => {
    const pressed = event.target.closest?.("[data-act]");
    if (!pressed || pressed.dataset.scope !== data.scope) return;
    setTriggerValue("act", { act: pressed.dataset.act, about: pressed.dataset.about, at: Date.now() });
    keepFocus(pressed);
  };
  document.addEventListener("click", onClick);
  return () => document.removeEventListener("click", onClick);
}

// Keeps keyboard focus on the same button after the page is redrawn.
function keepFocus(pressed) {
  const same = `[data-scope="${CSS.escape(pressed.dataset.scope)}"][data-about="${CSS.escape(pressed.dataset.about)}"]`;
  const watch = new MutationObserver(() => {
    if (pressed.isConnected) return;
    const next = document.querySelector(same);
    if (!next) return;
    watch.disconnect();
    next.focus({ preventScroll: true });
  });
  watch.observe(document.body, { childList: true, subtree: true });
  setTimeout(() => watch.disconnect(), 6000);
}

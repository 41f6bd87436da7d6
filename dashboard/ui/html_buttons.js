// Tells the page of a click on an element of ours that says what it does: data-act, data-about.
export default function ({ data, setTriggerValue }) {
  const hear = (event) => {
    const pressed = event.target.closest?.("[data-act]");
    if (!pressed || pressed.dataset.scope !== data.scope) return;
    setTriggerValue("act", { act: pressed.dataset.act, about: pressed.dataset.about, at: Date.now() });
    keepFocus(pressed);
  };
  document.addEventListener("click", hear);
  return () => document.removeEventListener("click", hear);
}

// Whoever pressed a button by keyboard finds the same one under their fingers afterwards.
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

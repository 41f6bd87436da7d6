// While a sheet is edited, focus starts at the first field and returns to Edit afterwards; Enter in a field
// applies the changes; the browser warns before the dashboard is left with unsaved changes.
export default function ({ data, parentElement }) {
  if (!parentElement.begun) focusOnce('[class*="st-key-sheet-card-fields"] input');
  parentElement.begun = true;
  const warn = (event) => event.preventDefault();
  if (data.unsaved) window.addEventListener("beforeunload", warn);
  document.addEventListener("keydown", applyByEnter);
  return () => {
    window.removeEventListener("beforeunload", warn);
    document.removeEventListener("keydown", applyByEnter);
    setTimeout(() => parentElement.isConnected || focusOnce(".st-key-sheet-edit button:enabled"), 0);
  };
}

// Where Enter means nothing else, as it does in a list of choices.
const TYPED = [".stTextInput", ".stNumberInput"].map((kind) => `[class*="st-key-sheet-card-"] ${kind} input`).join();

// The field handles Enter, too, and sends its value first: hence the pause.
function applyByEnter(event) {
  if (event.key !== "Enter" || event.isComposing || !event.target.matches?.(TYPED)) return;
  setTimeout(() => document.querySelector(".st-key-sheet-apply button:enabled")?.click(), 100);
}

// Give the focus to what is about to appear, if nothing else has it by then.  On a phone a field would open
// the keyboard over half of the page.
function focusOnce(selector, tries = 20) {
  if (innerWidth <= 640) return;
  if (document.activeElement && document.activeElement !== document.body) return;
  const found = document.querySelector(selector);
  if (found) found.focus({ preventScroll: true });
  else if (tries) setTimeout(() => focusOnce(selector, tries - 1), 150);
}

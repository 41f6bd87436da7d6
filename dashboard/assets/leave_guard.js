// While a sheet is edited: whoever begins by keyboard is at the first field, and afterwards at Edit again;
// the browser asks before somebody leaves the dashboard with changes that were not applied.
export default function ({ data, parentElement }) {
  if (!parentElement.begun) focusOnce('[class*="st-key-sheet-card-fields"] input');
  parentElement.begun = true;
  const warn = (event) => event.preventDefault();
  if (data.unsaved) window.addEventListener("beforeunload", warn);
  return () => {
    window.removeEventListener("beforeunload", warn);
    setTimeout(() => parentElement.isConnected || focusOnce(".st-key-sheet-edit button:enabled"), 0);
  };
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

// A plain click on a link within the dashboard changes the address and runs the page again.
export default function ({ setTriggerValue }) {
  const follow = (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.composedPath().find((node) => node.tagName === "A");
    const address = link && link.getAttribute("href");
    if (!address || !(address === "/" || address.startsWith("?") || address.startsWith("/?"))) return;
    event.preventDefault();
    setTriggerValue("go", { search: new URL(link.href).search, at: Date.now() });
  };
  document.addEventListener("click", follow);
  const wanted = sessionStorage.getItem("sheets.wanted");
  sessionStorage.removeItem("sheets.wanted");
  if (wanted && !window.location.search) setTriggerValue("go", { search: wanted, at: Date.now() });
  return () => document.removeEventListener("click", follow);
}

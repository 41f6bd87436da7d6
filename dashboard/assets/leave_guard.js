// The browser asks before somebody leaves the dashboard with changes that were not applied.
export default function ({ data }) {
  const warn = (event) => event.preventDefault();
  if (data.unsaved) window.addEventListener("beforeunload", warn);
  return () => window.removeEventListener("beforeunload", warn);
}

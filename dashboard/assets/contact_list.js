// The rows are built with textContent alone: whatever a visitor wrote stays text.
export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".list");
  const cell = (css, text) => {
    const element = document.createElement("span");
    element.className = css;
    element.textContent = text;
    return element;
  };
  const head = document.createElement("div");
  head.className = "row head";
  for (const [css, text] of data.columns) head.append(cell(css, text));
  const rows = data.rows.map((row) => {
    const link = document.createElement("a");
    link.className = "row";
    link.href = row.href;
    for (const [css, text, tone] of row.cells) {
      const plain = !tone || tone === "none";
      const item = cell(plain ? css + " " + (tone || "") : css, plain ? text : "");
      if (!plain) item.append(cell("badge " + tone, text));
      link.append(item);
    }
    link.onclick = (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
      event.preventDefault();
      link.classList.add("opening");
      setTriggerValue("open", row.id);
    };
    return link;
  });
  root.replaceChildren(head, ...rows);
}

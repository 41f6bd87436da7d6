// Streamlit renders a widget's label as Markdown, and says the same text, marks and all, in attributes that
// are read aloud.  Here the escapes that `plain_label` made are taken out of these again.
const NAMES = ["aria-label", "title", "placeholder"];
const OURS = '[data-testid="stHtml"]';

export default function () {
  const readable = (text) => text.replace(/\\([\\`*_~[\]<>:$&#])/g, "$1").replace(/:\u2060/g, ":");
  const mend = (node) => {
    for (const name of NAMES) {
      const said = node.getAttribute?.(name);
      if (said && readable(said) !== said && !node.closest(OURS)) node.setAttribute(name, readable(said));
    }
  };
  const mendAll = (node) => {
    mend(node);
    node.querySelectorAll?.(NAMES.map((name) => `[${name}]`).join()).forEach(mend);
  };
  const watcher = new MutationObserver((changes) =>
    changes.forEach(({ type, target, addedNodes }) => (type === "attributes" ? mend(target) : addedNodes.forEach(mendAll))),
  );
  mendAll(document.body);
  watcher.observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: NAMES });
  return () => watcher.disconnect();
}

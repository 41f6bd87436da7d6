// Streamlit renders a widget's label as Markdown and repeats its source in attributes that screen readers
// read aloud.  This removes the escapes of `escape_label` from those attributes.
const NAMES = ["aria-label", "title", "placeholder"];
const OURS = '[data-testid="stHtml"]';

export default function () {
  const readable = (text) => text.replace(/\\([\\`*_~[\]<>:$&#])/g, "$1").replace(/:\u2060/g, ":");
  const unescape = (node) => {
    for (const name of NAMES) {
      const label = node.getAttribute?.(name);
      if (label && readable(label) !== label && !node.closest(OURS)) node.setAttribute(name, readable(label));
    }
  };
  const unescapeAll = (node) => {
    unescape(node);
    node.querySelectorAll?.(NAMES.map((name) => `[${name}]`).join()).forEach(unescape);
  };
  const watcher = new MutationObserver((changes) =>
    changes.forEach(({ type, target, addedNodes }) => (type === "attributes" ? unescape(target) : addedNodes.forEach(unescapeAll))),
  );
  unescapeAll(document.body);
  watcher.observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: NAMES });
  return () => watcher.disconnect();
}

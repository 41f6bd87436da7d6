// Making elements: what they say is set as text, so whatever a visitor wrote stays text.
// It stands before the scripts of the components that build with it (see `scripts.py`).
function element(name, css, text) {
  const made = document.createElement(name);
  if (css) made.className = css;
  if (text !== undefined) made.textContent = text;
  return made;
}

function button(css, label, press) {
  const made = element("button", css, label);
  made.type = "button";
  made.onclick = press;
  return made;
}

function input(type, label) {
  const made = element("input");
  made.type = type;
  made.autocomplete = "off";
  if (label) made.setAttribute("aria-label", label);
  return made;
}

function icon(path) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  made.setAttribute("viewBox", "0 0 24 24");
  made.setAttribute("aria-hidden", "true");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", path);
  made.append(line);
  return made;
}

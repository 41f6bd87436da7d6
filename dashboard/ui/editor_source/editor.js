// The YAML editor: CodeMirror 6 with line numbers, colours, and our problems at their lines.
// Built into ../editor.min.js; CONTRIBUTING.md says how.
import { indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorView, keymap } from "@codemirror/view";
import { basicSetup } from "codemirror";

const PAUSE = 400; // milliseconds without a key before what was typed is sent

const looks = EditorView.theme({
  "&": { fontSize: "13.5px", border: "1px solid #e2ded4", borderRadius: "10px", background: "#fff" },
  "&.cm-focused": { outline: "2px solid #2f5d50" },
  ".cm-scroller": { fontFamily: "ui-monospace, SFMono-Regular, Menlo, monospace", minHeight: "320px", maxHeight: "62vh" },
  ".cm-gutters": { background: "#f6f4ee", color: "#66736d", border: "none", borderRadius: "10px 0 0 10px" },
});

const at = (state, problem) => {
  const line = state.doc.line(Math.min(Math.max(problem.line, 1), state.doc.lines));
  const from = Math.min(line.from + problem.column - 1, line.to);
  return { from, to: Math.max(line.to, from), severity: "error", message: problem.message };
};

export default function ({ data, parentElement, setStateValue }) {
  const host = parentElement.querySelector(".editor");
  let held = host.held;
  if (!held) {
    held = host.held = { timer: 0, document: null };
    const send = (update) => {
      if (!update.docChanged || held.quiet) return;
      clearTimeout(held.timer);
      held.timer = setTimeout(() => held.setStateValue("text", update.state.doc.toString()), PAUSE);
    };
    held.view = new EditorView({
      doc: "",
      extensions: [basicSetup, keymap.of([indentWithTab]), yaml(), lintGutter(), looks,
        EditorView.lineWrapping, EditorView.updateListener.of(send),
        EditorView.contentAttributes.of({ "aria-label": data.label, tabindex: "0" })],
      parent: host,
      root: parentElement instanceof ShadowRoot ? parentElement : parentElement.getRootNode(),
    });
  }
  held.setStateValue = setStateValue;
  if (held.document !== data.document) {
    held.document = data.document;
    held.quiet = true;
    held.view.dispatch({ changes: { from: 0, to: held.view.state.doc.length, insert: data.text } });
    held.quiet = false;
  }
  const { state } = held.view;
  held.view.dispatch(setDiagnostics(state, data.problems.map((problem) => at(state, problem))));
}

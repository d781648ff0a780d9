// <lua-editor mode="lua|yaml|json|text" file="destination.lua" kit="id" fields="/api/v1/fields" problems="id">
//   <label for="x">Script</label>? <textarea id="x" name="text">…</textarea>
// </lua-editor>
//
// An editor over a textarea, whose value it keeps, so that the form sends it. Without JavaScript the textarea is there
// as it is. It lies in a shadow root, because CodeMirror's styles go where its root is and our policy allows none in the
// page. Mounted when it comes into view: a template may have fifty files.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching, indentOnInput, indentUnit, StreamLanguage } from "@codemirror/language";
import { lua } from "@codemirror/legacy-modes/mode/lua";
import { yaml } from "@codemirror/legacy-modes/mode/yaml";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState, Prec } from "@codemirror/state";
import {
  drawSelection, EditorView, highlightActiveLineGutter, highlightSpecialChars, keymap, lineNumbers,
} from "@codemirror/view";
import { luaCompletion } from "./completion.js";
import { SHEET, theme } from "./theme.js";

const LANGUAGES = {
  lua: () => [StreamLanguage.define(lua)],
  yaml: () => [StreamLanguage.define(yaml)],
  json: () => [json()],
  text: () => [],
};
const HINT = "Escape, then Tab, leaves the editor. Ctrl-Space completes, Ctrl-F searches, Ctrl-S saves.";
const HINT_READ_ONLY = "Escape, then Tab, leaves the editor. Ctrl-F searches.";

const inView = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) entry.target.mount();
}, { rootMargin: "200px" });

function block(id) {
  const element = id ? document.getElementById(id) : null;
  try {
    return element ? JSON.parse(element.textContent) : null;
  } catch {
    return null;
  }
}

// Tab indents until Escape was pressed, and again once something was typed or the editor was left: nobody is caught.
function wayOut() {
  return [
    Prec.lowest(keymap.of([{ key: "Escape", run: (view) => (view.setTabFocusMode(true), true) }])),
    EditorView.updateListener.of((update) => {
      if (update.docChanged || (update.focusChanged && !update.view.hasFocus)) update.view.setTabFocusMode(false);
    }),
  ];
}

export class LuaEditor extends HTMLElement {
  #view = null;
  #problems = [];

  connectedCallback() {
    this.#problems = (block(this.getAttribute("problems")) ?? []).filter((each) => each.file === this.file);
    inView.observe(this);
  }

  disconnectedCallback() {
    inView.unobserve(this);
  }

  get textarea() {
    return this.querySelector("textarea");
  }

  get file() {
    return this.getAttribute("file") ?? "";
  }

  get value() {
    return this.textarea?.value ?? "";
  }

  set value(text) {
    if (this.#view) this.#view.dispatch({ changes: { from: 0, to: this.#view.state.doc.length, insert: text } });
    else if (this.textarea) this.textarea.value = text;
  }

  // [{line, column, message, hint, severity}]: what is marked. Lines and columns count from 1.
  set problems(list) {
    this.#problems = list;
    this.#mark();
  }

  focus() {
    if (this.#view) this.#view.focus();
    else this.textarea?.focus();
  }

  mount() {
    inView.unobserve(this);
    const textarea = this.textarea;
    if (this.#view || !textarea) return;
    const hadFocus = document.activeElement === textarea;
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [SHEET, ...root.adoptedStyleSheets];
    this.#view = new EditorView({ root, parent: root, state: this.#state(textarea) });
    root.append(this.#hint(textarea.readOnly));
    for (const label of textarea.labels) label.addEventListener("click", () => this.focus());
    this.#mark();
    if (hadFocus) this.focus();
  }

  #state(textarea) {
    const mode = this.getAttribute("mode") ?? "text";
    const name = this.getAttribute("aria-label") ?? textarea.labels[0]?.textContent.trim() ?? (this.file || "Text");
    return EditorState.create({
      doc: textarea.value,
      extensions: [
        wayOut(),
        lineNumbers(), highlightActiveLineGutter(), highlightSpecialChars(), history(), drawSelection(), indentOnInput(),
        bracketMatching(), closeBrackets(), highlightSelectionMatches(), search({ top: true }), lintGutter(),
        EditorState.tabSize.of(2), indentUnit.of("  "), EditorState.readOnly.of(textarea.readOnly),
        EditorView.contentAttributes.of({ "aria-label": name, "aria-describedby": "hint", tabindex: "0" }),
        autocompletion({ override: this.#sources(mode) }),
        Prec.low(keymap.of([
          ...closeBracketsKeymap, ...completionKeymap, ...searchKeymap, ...historyKeymap, ...lintKeymap,
          ...defaultKeymap, indentWithTab,
        ])),
        (LANGUAGES[mode] ?? LANGUAGES.text)(),
        theme,
        EditorView.updateListener.of((update) => {
          if (update.docChanged) this.#changed(update.state.doc.toString());
        }),
      ],
    });
  }

  #sources(mode) {
    if (mode !== "lua") return [];
    return [luaCompletion(block(this.getAttribute("kit")) ?? { functions: [], tables: [] }, this.getAttribute("fields"))];
  }

  #changed(text) {
    this.textarea.value = text;
    this.textarea.dispatchEvent(new Event("input", { bubbles: true }));
  }

  #hint(readOnly) {
    const hint = document.createElement("p");
    hint.id = "hint";
    hint.className = "hint";
    hint.textContent = readOnly ? HINT_READ_ONLY : HINT;
    return hint;
  }

  #mark() {
    if (!this.#view) return;
    const { doc } = this.#view.state;
    const marks = this.#problems.filter((each) => each.line > 0 && each.line <= doc.lines).map((each) => {
      const line = doc.line(each.line);
      const from = Math.min(line.from + Math.max(each.column - 1, 0), line.to);
      const to = each.column > 0 ? (this.#view.state.wordAt(from)?.to ?? line.to) : line.to;
      const message = each.hint ? `${each.message}\n${each.hint}` : each.message;
      return { from, to: Math.max(from, to), severity: each.severity === "warning" ? "warning" : "error", message };
    });
    this.#view.dispatch(setDiagnostics(this.#view.state, marks));
  }
}

// <text-diff><pre data-side="before">…</pre><pre data-side="after">…</pre></text-diff>: two texts as one, with what was
// taken out and put in. Without JavaScript both stand one below the other.
import { unifiedMergeView } from "@codemirror/merge";
import { EditorState } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { SHEET, theme } from "./theme.js";

export class TextDiff extends HTMLElement {
  connectedCallback() {
    const [before, after] = ["before", "after"].map((side) => this.querySelector(`[data-side=${side}]`));
    if (this.shadowRoot || !before || !after) return;
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [SHEET];
    new EditorView({
      root,
      parent: root,
      doc: after.textContent,
      extensions: [
        lineNumbers(),
        EditorState.readOnly.of(true),
        EditorView.contentAttributes.of({ "aria-label": this.getAttribute("aria-label") ?? "Differences", tabindex: "0" }),
        unifiedMergeView({ original: before.textContent, mergeControls: false, collapseUnchanged: { margin: 3 } }),
        theme,
      ],
    });
  }
}

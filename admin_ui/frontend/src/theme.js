// How code looks: every colour is a variable of the element, so that light and dark are decided in one place, and each
// has a contrast of at least 4.5 to 1 on its ground.
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

export const SHEET = new CSSStyleSheet();
SHEET.replaceSync(`
:host {
  display: block;
  --ground: #ffffff; --raised: #f1f3f6; --text: #1c2430; --mute: #55606e; --edge: #b9c1cc; --mark: #dbe8fb;
  --word: #7a2a8f; --string: #17663a; --number: #8a4300; --name: #1c2430; --own: #0b5394; --note: #55606e;
  --bad: #a3231f; --warn: #7a4d00; --add: #e2f3e8; --gone: #fbe6e4; --ring: #0b5394;
}
@media (prefers-color-scheme: dark) {
  :host {
    --ground: #161b22; --raised: #1f2630; --text: #e3e8ef; --mute: #a3adba; --edge: #4a5563; --mark: #2b3f5c;
    --word: #d7a6f0; --string: #8fdcab; --number: #f0b478; --name: #e3e8ef; --own: #8cc0ff; --note: #a3adba;
    --bad: #ff9d94; --warn: #f0c173; --add: #1d3a29; --gone: #4a2523; --ring: #8cc0ff;
  }
}
.hint { margin: 0.2rem 0 0; color: var(--mute); font-size: 0.85em; }
`);

const look = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "var(--ground)", border: "1px solid var(--edge)", borderRadius: "0.3rem",
    fontSize: "0.9rem" },
  "&.cm-focused": { outline: "2px solid var(--ring)", outlineOffset: "1px" },
  ".cm-scroller": { fontFamily: "ui-monospace, monospace", lineHeight: "1.5", minHeight: "var(--least, 6rem)",
    maxHeight: "var(--most, 36rem)", overflow: "auto" },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-content:focus": { boxShadow: "inset 2px 0 0 var(--ring)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "var(--raised)", color: "var(--mute)", borderRight: "1px solid var(--edge)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLineGutter": { color: "var(--text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground, ::selection":
    { backgroundColor: "var(--mark)" },
  ".cm-selectionMatch, .cm-searchMatch": { backgroundColor: "var(--mark)", color: "var(--text)" },
  ".cm-searchMatch-selected": { outline: "1px solid var(--ring)" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--mark)", color: "var(--text)" },
  ".cm-panels": { backgroundColor: "var(--raised)", color: "var(--text)", borderColor: "var(--edge)" },
  ".cm-panel.cm-search": { padding: "0.4rem", paddingRight: "2rem" },
  ".cm-panel.cm-search label": { fontSize: "0.85rem", display: "inline-flex", alignItems: "center", minHeight: "1.5rem" },
  ".cm-panel button, .cm-textfield": { color: "var(--text)", backgroundColor: "var(--ground)", backgroundImage: "none",
    border: "1px solid var(--edge)", minHeight: "1.5rem", minWidth: "1.5rem", fontSize: "0.85rem" },
  ".cm-panel.cm-search [name=close]": { color: "var(--text)", fontSize: "1rem", minWidth: "1.5rem", minHeight: "1.5rem" },
  ".cm-panel.cm-search input[type=checkbox]": { minWidth: "1rem", minHeight: "1rem" },
  ".cm-tooltip": { backgroundColor: "var(--raised)", color: "var(--text)", border: "1px solid var(--edge)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { color: "var(--text)", padding: "0.15rem 0.4rem" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--mark)", color: "var(--text)" },
  ".cm-completionDetail": { color: "var(--mute)", fontStyle: "normal", marginLeft: "0.6rem" },
  ".cm-completionInfo": { maxWidth: "26rem", whiteSpace: "pre-wrap" },
  ".cm-diagnostic": { color: "var(--text)" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--warn)" },
  ".cm-changedLine": { backgroundColor: "var(--add)" },
  ".cm-deletedChunk": { backgroundColor: "var(--gone)" },
  ".cm-changedText": { background: "none", textDecoration: "underline" },
});

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.bool, tags.null, tags.operatorKeyword], color: "var(--word)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--string)" },
  { tag: [tags.number, tags.atom], color: "var(--number)" },
  { tag: [tags.comment], color: "var(--note)", fontStyle: "italic" },
  { tag: [tags.standard(tags.variableName), tags.propertyName, tags.definition(tags.propertyName), tags.meta],
    color: "var(--own)" },
  { tag: [tags.variableName, tags.name], color: "var(--name)" },
  { tag: tags.invalid, color: "var(--bad)" },
]);

export const theme = [look, syntaxHighlighting(colours)];

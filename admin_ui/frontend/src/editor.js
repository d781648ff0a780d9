// Entry of the bundle: the elements that hold CodeMirror. Both are plain text without it.
import { LuaEditor } from "./lua_editor.js";
import { TextDiff } from "./text_diff.js";

customElements.define("lua-editor", LuaEditor);
customElements.define("text-diff", TextDiff);

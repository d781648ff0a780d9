// <condition-builder data-workspace data-match-url> around a labelled <textarea name="conditions">: the text as rows, and
// how many of the last events they match. The text stays what the form sends. Without JavaScript it is all there is, and
// so it is where it may not be changed.

import { Rows, button, make } from "./condition-rows.js";
import { Seen } from "./condition-seen.js";
import { read } from "./condition-tree.js";

class ConditionBuilder extends HTMLElement {
  connectedCallback() {
    this.text = this.querySelector("textarea");
    if (this.rows || !this.text || this.text.disabled || this.text.readOnly) return;
    this.label = this.text.closest("label") ?? this.text;
    this.build();
    this.show("rows");
    this.seen.load("field");
    if (!this.problem.textContent) this.count();
  }

  build() {
    if (!document.querySelector("link[href$='/conditions.css']")) {
      document.head.append(make("link", { rel: "stylesheet", href: new URL("../conditions.css", import.meta.url).href }));
    }
    this.switches = [["rows", "Rows"], ["text", "Text"]].map(([mode, name]) =>
      button(name, () => this.show(mode, true), { "data-mode": mode }));
    this.problem = make("p", { className: "error", role: "alert" });
    this.body = make("div", { className: "cb-body" });
    const told = make("p", { className: "hidden", role: "status" });
    this.prepend(make("fieldset", { className: "cb-switch", "aria-label": "Conditions as" }, ...this.switches), this.problem);
    this.append(this.body, told);
    this.seen = new Seen(this.dataset.workspace ?? "", () => this.rows.hint());
    this.rows = new Rows(this.body, this.seen, () => this.changed(), (words) => (told.textContent = words));
    this.text.addEventListener("input", () => this.read() && this.count());
    this.body.addEventListener("keydown", (event) => {
      // Enter belongs to the suggestions here: it must not send the form.
      if (event.key === "Enter" && event.target.matches("input")) event.preventDefault();
    });
    if (this.dataset.matchUrl) this.buildCount();
  }

  buildCount() {
    const status = make("p", { className: "cb-count", role: "status" });
    this.result = make("div", {
      className: "cb-result", "hx-post": this.dataset.matchUrl, "hx-trigger": "condition-change delay:400ms",
      "hx-sync": "queue last", "hx-include": "previous textarea", "hx-swap": "innerHTML",
    });
    this.append(status, this.result);
    this.result.addEventListener("htmx:before:request", () => this.result.setAttribute("aria-busy", "true"));
    this.result.addEventListener("htmx:finally:request", () => this.result.removeAttribute("aria-busy"));
    this.result.addEventListener("htmx:after:swap", () => {
      // What is read out is this one line, which stays; not the lists under it.
      const told = this.result.querySelector(".match-count");
      status.replaceChildren(...(told?.childNodes ?? []));
      told?.remove();
    });
    window.htmx?.process(this.result);
  }

  show(mode, isAsked = false) {
    if (mode === "rows" && !this.read()) mode = "text";
    this.switches.forEach((each) => each.setAttribute("aria-pressed", String(each.dataset.mode === mode)));
    this.label.hidden = mode === "rows";
    this.body.hidden = mode === "text";
    if (mode === "rows") this.rows.draw(this.data);
    else if (isAsked) this.text.focus();
  }

  read() {
    try {
      this.data = read(this.text.value);
      this.problem.textContent = "";
      return true;
    } catch (error) {
      this.problem.textContent = `Rows cannot show this text: ${error.message}. It stays as it is; correct it here.`;
      return false;
    }
  }

  changed() {
    this.text.value = JSON.stringify(this.data, null, 2);
    this.text.dispatchEvent(new Event("change", { bubbles: true }));
    this.count();
  }

  count() {
    this.result?.dispatchEvent(new Event("condition-change"));
  }
}

customElements.define("condition-builder", ConditionBuilder);

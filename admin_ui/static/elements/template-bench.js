// <template-bench form="editor" run="/…/run" test="/…/test"> with fields of that form, buttons data-do="run|test" and
// [data-panel]: runs the script as it stands in the form's editors, half a second after the last key, and shows what came
// of it. One run at a time; what was typed meanwhile is run next. Without JavaScript the buttons send the whole form.

const PAUSE_MS = 500;

class TemplateBench extends HTMLElement {
  connectedCallback() {
    this.form = document.getElementById(this.getAttribute("form"));
    this.panel = this.querySelector("[data-panel]");
    if (!this.form || !this.panel) return;
    this.form.addEventListener("input", () => this.later());
    this.addEventListener("change", () => this.later(0));
    for (const button of this.querySelectorAll("button[data-do]")) {
      button.addEventListener("click", (event) => {
        event.preventDefault();
        this.ask(button.dataset.do);
      });
    }
    // The form's own first button would save: Enter in a field of the bench means to run.
    this.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return;
      event.preventDefault();
      this.ask("run");
    });
    if (!this.panel.hasAttribute("data-answered")) this.later(0);
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
  }

  later(pause = PAUSE_MS) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask("run"), pause);
  }

  async ask(what) {
    clearTimeout(this.timer);
    if (this.asking) {
      this.next = what;
      return;
    }
    this.asking = true;
    this.panel.setAttribute("aria-busy", "true");
    try {
      this.show(await this.answer(what));
    } catch {
      this.show("");
    }
    this.panel.removeAttribute("aria-busy");
    this.asking = false;
    const next = this.next;
    this.next = "";
    if (next) this.ask(next);
  }

  async answer(what) {
    const body = new URLSearchParams(new FormData(this.form));
    const answer = await fetch(this.getAttribute(what), { method: "POST", body, headers: { "HX-Request": "true" } });
    return answer.text();
  }

  // The server wrote it, with everything that is data as text.
  show(html) {
    if (!html) {
      const told = Object.assign(document.createElement("p"), { className: "error", textContent: "There was no answer." });
      told.setAttribute("role", "status");
      this.panel.replaceChildren(told);
      return;
    }
    this.panel.innerHTML = html;
    this.mark();
  }

  mark() {
    const block = this.panel.querySelector("script.found");
    if (!block) return;
    const found = JSON.parse(block.textContent);
    for (const editor of this.form.querySelectorAll("lua-editor")) {
      editor.problems = found.filter((each) => each.file === editor.file);
    }
  }
}

customElements.define("template-bench", TemplateBench);

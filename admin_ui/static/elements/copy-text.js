// A text with a button that copies it. Without JavaScript the text is there to be selected.

class CopyText extends HTMLElement {
  connectedCallback() {
    if (this.querySelector(":scope > .copy")) return;
    const box = document.createElement("span");
    box.className = "copy";
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.className = "quiet";
    this.button.textContent = this.getAttribute("label") ?? "Copy";
    this.told = document.createElement("span");
    this.told.setAttribute("role", "status");
    box.append(this.button, " ", this.told);
    this.button.addEventListener("click", () => this.copy());
    this.append(box);
  }

  get source() {
    return this.querySelector("pre, code, output");
  }

  async copy() {
    try {
      await navigator.clipboard.writeText(this.source.textContent.trim());
      this.told.textContent = "Copied.";
    } catch {
      // No clipboard here: plain http beside loopback, or it was not allowed. Then the text is selected for the keys.
      getSelection().selectAllChildren(this.source);
      this.told.textContent = "It is selected: copy it with the keys.";
    }
  }
}

customElements.define("copy-text", CopyText);

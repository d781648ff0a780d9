// <choose-rows> around the buttons of a list whose rows have boxes: a box for all of them, and how many are chosen.

class ChooseRows extends HTMLElement {
  connectedCallback() {
    this.form = this.closest("form");
    if (this.all || !this.form) return;
    this.buttons = [...this.querySelectorAll("button")];
    this.all = document.createElement("input");
    this.all.type = "checkbox";
    const label = document.createElement("label");
    label.className = "check";
    this.told = document.createElement("span");
    label.append(this.all, " ", this.told);
    this.prepend(label);
    this.all.addEventListener("change", () => this.choose());
    this.form.addEventListener("change", () => this.tell());
    this.tell();
  }

  get boxes() {
    return [...this.form.querySelectorAll("input[name=id]")];
  }

  choose() {
    for (const box of this.boxes) box.checked = this.all.checked;
    this.tell();
  }

  tell() {
    const chosen = this.boxes.filter((box) => box.checked).length;
    this.all.checked = chosen > 0 && chosen === this.boxes.length;
    this.all.indeterminate = chosen > 0 && chosen < this.boxes.length;
    this.told.textContent = chosen ? `${chosen} chosen` : "Choose all";
    for (const button of this.buttons) button.disabled = chosen === 0;
  }
}

customElements.define("choose-rows", ChooseRows);

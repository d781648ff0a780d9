// <filter-list> around a list: a search field above it where the list is long. With `chosen-first`, boxes that are not
// chosen are shown only when they are searched for, so that the list is short to walk through by keyboard.

const SHORT = 8;
const SHOWN = 40;

class FilterList extends HTMLElement {
  connectedCallback() {
    this.items = [...this.querySelectorAll("li")];
    if (this.field || this.items.length <= SHORT) return;
    const legend = this.closest("fieldset")?.querySelector("legend")?.textContent.trim();
    this.field = document.createElement("input");
    Object.assign(this.field, { type: "search", placeholder: `Search ${this.items.length}`, autocomplete: "off" });
    this.field.setAttribute("aria-label", legend ? `Search ${legend}` : "Search");
    this.told = document.createElement("small");
    this.told.setAttribute("role", "status");
    this.prepend(this.field);
    this.append(this.told);
    this.field.addEventListener("input", () => this.filter());
    this.field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
    this.filter();
  }

  filter() {
    const words = this.field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const few = this.hasAttribute("chosen-first");
    let found = 0;
    for (const item of this.items) {
      const text = item.textContent.toLowerCase();
      const chosen = item.querySelector("input")?.checked ?? false;
      const matches = words.length ? words.every((word) => text.includes(word)) : !few;
      const fits = matches && found < SHOWN;
      found += matches ? 1 : 0;
      item.hidden = !(fits || chosen);
    }
    this.told.textContent = !words.length && few ? "Type to find more." : found > SHOWN ? `The first ${SHOWN} of ${found}.` : "";
  }
}

customElements.define("filter-list", FilterList);

// A list that is asked for again every other second, until it is paused, and whose links show their trace in place.
// Without JavaScript it is the list of the moment, with a link to load the page again.

const EVERY_MS = 2000;
const ASKED = { headers: { "HX-Request": "true" } };

const parsed = (text) => new DOMParser().parseFromString(text, "text/html");

class LiveList extends HTMLElement {
  connectedCallback() {
    this.button = this.querySelector("button");
    this.told = this.querySelector("[role=status]");
    this.list = this.querySelector(".list");
    this.button.hidden = false;
    this.button.addEventListener("click", () => this.pause(!this.isPaused));
    this.list.addEventListener("click", (event) => this.follow(event));
    addEventListener("popstate", () => location.reload());
    this.timer = setInterval(() => this.look(), EVERY_MS);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  get isPaused() {
    return this.button.getAttribute("aria-pressed") === "true";
  }

  pause(yes) {
    this.button.setAttribute("aria-pressed", String(yes));
    this.told.textContent = yes ? "Paused." : "Going on.";
    if (!yes) this.look();
  }

  /** Nothing moves under who is paused, looks elsewhere, or is selecting a text of the list. */
  get isAtRest() {
    const marked = getSelection();
    return this.isPaused || document.hidden || (!marked.isCollapsed && this.list.contains(marked.anchorNode));
  }

  async look() {
    if (this.isAtRest || this.asking) return;
    this.asking = true;
    try {
      const answer = await fetch(this.getAttribute("source") + location.search, ASKED);
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const text = await answer.text();
      if (this.failed) this.told.textContent = "";
      this.failed = false;
      if (text !== this.shown && !this.isAtRest) this.show(text);
    } catch (error) {
      this.failed = true;
      this.told.textContent = `The list cannot be read now (${error.message}). It is tried again.`;
    } finally {
      this.asking = false;
    }
  }

  /** Puts the new list in place; the link that has the focus keeps it. */
  show(text) {
    const focused = this.list.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    this.shown = text;
    this.list.replaceChildren(...parsed(text).body.childNodes);
    this.mark();
    const links = focused === null ? [] : [...this.list.querySelectorAll("a")];
    links.find((link) => link.getAttribute("href") === focused)?.focus({ preventScroll: true });
  }

  mark() {
    const here = location.pathname + location.search;
    for (const link of this.list.querySelectorAll("a")) {
      if (link.getAttribute("href") === here) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }

  /** Shows the trace that a link leads to beside the list, so that the list stays where it is, paused or not. */
  async follow(event) {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    try {
      const answer = await fetch(link.href);
      const trace = parsed(await answer.text()).querySelector("#trace");
      if (!answer.ok || !trace) throw new Error();
      document.querySelector("#trace").replaceWith(document.adoptNode(trace));
      history.pushState(null, "", link.href);
      this.mark();
    } catch {
      location.assign(link.href);
    }
  }
}

customElements.define("live-list", LiveList);

// What every page has: keys. Each of them has a visible way too.
const keys = { h: "/", c: "/container", t: "/container/tags", e: "/events", d: "/deliveries", v: "/versions" };
let waiting = false;

function isTyping(target) {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable], lua-editor") !== null;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (waiting && keys[event.key]) location.href = keys[event.key];
  waiting = event.key === "g";
  if (event.key === "/") {
    const search = document.querySelector("input[type=search]");
    if (search) {
      event.preventDefault();
      search.focus();
    }
  }
});

// Ctrl-S saves the form at hand.
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key !== "s") return;
  const form = event.target instanceof Element && (event.target.closest("form[data-save]") ?? document.querySelector("form[data-save]"));
  if (form) {
    event.preventDefault();
    form.requestSubmit();
  }
});

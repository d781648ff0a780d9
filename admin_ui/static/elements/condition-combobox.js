// A text box that suggests: the ARIA pattern of an editable combobox with a listbox. Anything may be typed all the same.

let made = 0;

/** Makes a text box suggest what `choices(text)` returns: `{value, label, detail}`; returns the list, to stand behind it. */
export function suggest(input, name, choices, pick) {
  const list = document.createElement("ul");
  Object.assign(list, { id: `choices-${++made}`, className: "cb-choices", hidden: true });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", name);
  const aria = { role: "combobox", autocomplete: "off", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id };
  for (const key in aria) input.setAttribute(key, aria[key]);
  let found = [];
  let active = -1;

  function show() {
    found = choices(input.value).slice(0, 12);
    list.replaceChildren(...found.map(option));
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    mark(-1);
  }

  function option(choice, place) {
    const item = document.createElement("li");
    item.id = `${list.id}-${place}`;
    item.setAttribute("role", "option");
    const label = document.createElement("span");
    const detail = document.createElement("small");
    label.textContent = choice.label;
    detail.textContent = choice.detail;
    item.append(label, detail);
    item.addEventListener("click", () => take(choice));
    return item;
  }

  function mark(place) {
    active = place;
    [...list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === place)));
    const item = list.children[place];
    if (item) input.setAttribute("aria-activedescendant", item.id);
    else input.removeAttribute("aria-activedescendant");
    item?.scrollIntoView({ block: "nearest" });
  }

  function hide() {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    mark(-1);
  }

  function take(choice) {
    hide();
    pick(choice);
  }

  input.addEventListener("input", show);
  input.addEventListener("click", () => list.hidden && show());
  input.addEventListener("blur", hide);
  // The box keeps the focus while somebody clicks into the list.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (list.hidden) show();
      const places = found.length + 1; // One of them is the text itself.
      mark(((active + 1 + step + places) % places) - 1);
    } else if (event.key === "Enter" && !list.hidden && found[active]) {
      event.preventDefault();
      take(found[active]);
    } else if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      hide();
    }
  });
  return list;
}

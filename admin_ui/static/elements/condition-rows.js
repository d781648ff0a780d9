// The rows of <condition-builder>: they change the tree in place and are drawn anew where its structure changes.

import { suggest } from "./condition-combobox.js";
import { CASED, KINDS, OPERATORS, isGroup, itemText, partsOf, valueOf, valueText } from "./condition-tree.js";

let made = 0;

/** Returns an element; what is no property of it becomes an attribute. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Returns a button that sends no form. */
export function button(text, onclick, more = {}) {
  return make("button", { type: "button", className: "quiet", onclick, ...more }, text);
}

const named = (name, control) => make("label", {}, make("span", { className: "hidden" }, name), control);
const empty = () => ({ field: "", is: "equals", value: "" });
const kindOf = (group, list) => partsOf(group).find((kind) => group[kind] === list);
const askedBy = (part) => (part.variable == null ? "field" : "variable");

function choice(name, does, options, value, chosen) {
  const select = make("select", { "data-do": does, onchange: () => chosen(select.value) });
  select.append(...Object.entries(options).map(([key, text]) => make("option", { value: key, selected: key === value }, text)));
  return named(name, select);
}

function check(name, checked, changed) {
  const box = make("input", { type: "checkbox", checked, onchange: () => changed(box.checked) });
  return make("label", { className: "check" }, box, name);
}

/** The rows of one tree. */
export class Rows {
  /** `seen` suggests; `changed` is called after every change; `told` gets what happened, in words. */
  constructor(view, seen, changed, told) {
    Object.assign(this, { view, seen, changed, told, drawn: new Map(), hints: new Set(), kinds: new Map() });
  }

  draw(data, focus) {
    this.data = data;
    [this.drawn, this.hints, this.kinds].forEach((each) => each.clear());
    this.view.replaceChildren(this.group(data, null));
    if (focus) this.drawn.get(focus[0])?.querySelector(focus[1])?.focus();
  }

  /** Says anew what is known of each name. */
  hint() {
    this.hints.forEach((each) => each());
  }

  group(group, outer) {
    const more = make("div", { className: "cb-add" });
    this.kinds.set(group, [() => {
      const kinds = partsOf(group);
      const unused = ["all", "not", "any"].find((kind) => !kinds.includes(kind));
      more.replaceChildren(...(kinds.length ? [] : [make("span", { className: "nothing" }, "No condition: every event matches.")]),
        ...(unused ? [button(`Add “${KINDS[unused]}”`, () => this.add(group, unused, empty()))] : []));
    }]);
    const view = make("div", { className: "cb-group" }, ...partsOf(group).map((kind) => this.part(group, group[kind], outer)), more);
    this.kinds.get(group).forEach((each) => each());
    return view;
  }

  part(group, list, outer) {
    const members = list.map((part, index) => make("li", {}, this.member(part, { group, list, index, outer })));
    const counting = choice("How these count", "kind", KINDS, kindOf(group, list), (other) => this.rekind(group, list, other));
    const view = make("fieldset", { className: "cb-part" }, counting,
      members.length ? make("ol", {}, ...members) : make("p", { className: "nothing" }, "Empty: this is always met."),
      make("div", { className: "cb-add" },
        button("Add condition", () => this.add(group, kindOf(group, list), empty()), { "data-do": "add" }),
        button("Add group", () => this.add(group, kindOf(group, list), { any: [empty()] }))));
    this.kinds.get(group).push(() => {
      view.setAttribute("aria-label", KINDS[kindOf(group, list)]);
      for (const option of counting.querySelectorAll("option")) option.disabled = Array.isArray(group[option.value]) && group[option.value] !== list;
    });
    this.drawn.set(list, view);
    return view;
  }

  member(part, place) {
    const name = `${isGroup(part) ? "group" : "condition"} ${place.index + 1} of ${place.list.length}`;
    const row = make("fieldset", { className: "cb-row", "aria-label": name });
    const moves = this.moves(part, place, name);
    row.append(...(isGroup(part) ? [moves, this.group(part, place)] : [...this.condition(part), moves]));
    this.drawn.set(part, row);
    return row;
  }

  moves(part, place, name) {
    const move = (sign, words, does, step) => button(sign, () => this.move(part, place, step),
      { "aria-label": `${words} ${name}`, "data-do": does, disabled: !this.target(place, step) });
    return make("div", { className: "cb-moves" }, move("↑", "Move up", "up", -1), move("↓", "Move down", "down", 1),
      button("✕", () => this.remove(place), { "aria-label": `Remove ${name}`, "data-do": "remove" }));
  }

  condition(part) {
    const by = askedBy(part);
    const hint = make("small", { className: "cb-hint", id: `cb-hint-${++made}` });
    const tell = () => {
      const [text, isWarning] = this.seen.hint(by, part[by]);
      hint.textContent = text;
      hint.classList.toggle("warn", isWarning);
    };
    this.hints.add(tell);
    this.seen.load(by);
    tell();
    const [value, box] = this.valueBox(part, by);
    const cased = check("ignore case", part.ignore_case === true, (on) => this.flag(part, "ignore_case", on));
    const fit = () => {
      value.hidden = part.is === "exists";
      cased.hidden = !CASED.includes(part.is);
      box.placeholder = part.is === "in" ? "a, b, c" : "";
    };
    fit();
    return [
      choice("Asks for a", "by", { field: "field", variable: "variable" }, by, (other) => this.reask(part, by, other)),
      this.nameBox(part, by, hint.id, tell),
      check("not", part.not === true, (on) => this.flag(part, "not", on)),
      choice("Operator", "operator", OPERATORS, part.is, (operator) => {
        this.reoperate(part, operator, box.value, cased.firstChild.checked);
        fit();
      }),
      value, cased, hint,
    ];
  }

  nameBox(part, by, hint, tell) {
    const box = make("input", { value: part[by], spellcheck: false, "aria-describedby": hint });
    const set = (text) => {
      part[by] = text;
      tell();
      this.changed();
    };
    box.addEventListener("input", () => set(box.value.trim()));
    const list = suggest(box, `${by}s that were seen`, (text) => this.seen.names(by, text), ({ value }) => set((box.value = value)));
    return make("div", { className: "cb-box" }, named(by === "field" ? "Field" : "Variable", box), list);
  }

  valueBox(part, by) {
    const box = make("input", { value: valueText(part.is, part.value), spellcheck: false });
    const set = () => {
      part.value = valueOf(part.is, box.value);
      this.changed();
    };
    box.addEventListener("input", set);
    const last = () => (part.is === "in" ? box.value.lastIndexOf(",") + 1 : 0);
    const list = suggest(box, "values that were seen",
      (text) => this.seen.values(by, part[by], text.slice(last())),
      ({ value }) => {
        const before = box.value.slice(0, last());
        box.value = `${before}${before && " "}${part.is === "in" ? itemText(value) : valueText(part.is, value)}`;
        set();
      });
    return [make("div", { className: "cb-box" }, named("Value", box), list), box];
  }

  // A change of the structure: what is drawn follows, and the keyboard stays where it was at work.

  restructure(focus, told = "") {
    this.changed();
    this.draw(this.data, focus);
    this.told(told);
  }

  add(group, kind, part) {
    (group[kind] ??= []).push(part);
    this.restructure([isGroup(part) ? part.any[0] : part, "select"], "Added.");
  }

  remove({ list, index }) {
    list.splice(index, 1);
    const next = list[index] ?? list[index - 1];
    this.restructure(next ? [next, ":scope > .cb-moves [data-do=remove]"] : [list, ":scope > .cb-add [data-do=add]"], "Removed.");
  }

  flag(part, name, on) {
    if (on) part[name] = true;
    else delete part[name];
    this.changed();
  }

  reask(part, by, other) {
    replace(part, Object.entries(part).map(([key, value]) => [key === by ? other : key, value]));
    this.restructure([part, "[data-do=by]"]);
  }

  // These two are not drawn anew: whoever types the name of an option has not finished with its first letter.

  rekind(group, list, other) {
    const entries = Object.entries(group).filter(([key]) => key !== other);
    replace(group, entries.map(([key, value]) => [value === list ? other : key, value]));
    this.kinds.get(group).forEach((each) => each());
    this.changed();
  }

  reoperate(part, operator, text, ignoreCase) {
    const { value, ignore_case, ...rest } = { ...part, is: operator };
    if (operator !== "exists") rest.value = valueOf(operator, text);
    if (ignoreCase && CASED.includes(operator)) rest.ignore_case = true;
    replace(part, Object.entries(rest));
    this.changed();
  }

  // Where a part goes: to its neighbour's place, into a group beside it, to the next part of its group, or out of that.
  target({ group, list, index, outer }, step) {
    const beside = list[index + step];
    const inner = beside && isGroup(beside) ? partsOf(beside).at(step > 0 ? 0 : -1) : undefined;
    if (inner) return [beside[inner], step > 0 ? 0 : beside[inner].length];
    if (beside) return [list, index + step];
    const kinds = partsOf(group);
    const next = kinds[kinds.indexOf(kindOf(group, list)) + step];
    if (next) return [group[next], step > 0 ? 0 : group[next].length];
    return outer && [outer.list, outer.index + (step > 0 ? 1 : 0)];
  }

  move(part, place, step) {
    const [list, index] = this.target(place, step);
    place.list.splice(place.index, 1);
    list.splice(index, 0, part);
    this.restructure(null, `Moved to place ${index + 1} of ${list.length}.`);
    const moves = this.drawn.get(part).querySelector(":scope > .cb-moves");
    (moves.querySelector(`[data-do=${step < 0 ? "up" : "down"}]:enabled`) ?? moves.querySelector(":enabled")).focus();
  }
}

function replace(part, entries) {
  Object.keys(part).forEach((key) => delete part[key]);
  Object.assign(part, Object.fromEntries(entries));
}

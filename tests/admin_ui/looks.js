// What the tests ask of a page from inside it. Evaluated in the page, which its policy does not hinder.
(() => {
  const CONTROLS =
    "a[href], button, input:not([type=hidden]), select, textarea, summary, [contenteditable=true], [tabindex]:not([tabindex='-1'])";

  function* everything(root) {
    for (const element of root.querySelectorAll("*")) {
      yield element;
      if (element.shadowRoot) yield* everything(element.shadowRoot);
    }
  }

  const isShown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });

  // Of radio buttons of one name the tab key reaches one.
  const isOtherRadio = (element) => {
    if (element.type !== "radio") return false;
    const group = [...(element.form ?? document).querySelectorAll("input[type=radio]")].filter((each) => each.name === element.name);
    return element !== (group.find((each) => each.checked) ?? group[0]);
  };

  const controls = () =>
    [...everything(document)].filter(
      (element) => element.matches(CONTROLS) && !element.disabled && element.tabIndex >= 0 && isShown(element) && !isOtherRadio(element),
    );

  const name = (element) => {
    const text = (element.getAttribute("aria-label") || element.name || element.textContent || element.value || "").trim();
    return `${element.localName}${element.className ? "." + String(element.className).replaceAll(" ", ".") : ""} ${text.slice(0, 40)}`;
  };

  const STYLES = ["outlineStyle", "outlineWidth", "outlineColor", "boxShadow", "borderColor", "backgroundColor", "textDecorationLine", "left"];
  // An editor draws the focus around itself, not around the text in it.
  const styleOf = (element) =>
    [element, element.closest(".cm-editor")]
      .filter(Boolean)
      .map((each) => {
        const style = getComputedStyle(each);
        return STYLES.map((key) => style[key]).join("|");
      })
      .join(" ");

  const active = () => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    return element;
  };

  const isCovered = (element) => {
    const box = element.getBoundingClientRect();
    if (!box.width || !box.height) return false;
    const points = [[0.5, 0.5], [0.1, 0.5], [0.9, 0.5], [0.5, 0.1], [0.5, 0.9]];
    const root = element.getRootNode();
    return !points.some(([x, y]) => {
      const top = root.elementFromPoint(box.left + box.width * x, box.top + box.height * y);
      return top && (element.contains(top) || top.contains(element) || top.closest("label")?.control === element);
    });
  };

  let known = [];
  let before = [];

  window.look = {
    // Notes the controls and how each looks without focus; returns how many there are.
    start() {
      active()?.blur();
      known = controls();
      before = known.map(styleOf);
      return known.length;
    },
    // Where the focus is: number of the control, -1 outside of them, and what is wrong with how it looks.
    focused() {
      const element = active();
      const at = known.indexOf(element);
      const isEditor = element?.matches(".cm-content") ?? false;
      if (at < 0) return { at, isEditor, wrong: "" };
      if (styleOf(element) === before[at]) return { at, isEditor, wrong: "its focus cannot be seen" };
      return { at, isEditor, wrong: isCovered(element) ? "it is hidden while it has the focus" : "" };
    },
    nameOf: (at) => name(known[at]),
    names: () => controls().map(name),
    overflow() {
      const wide = document.documentElement.scrollWidth;
      if (wide <= innerWidth) return [];
      const out = [...everything(document.body)].filter((each) => {
        const box = each.getBoundingClientRect();
        return box.right > innerWidth + 1 && isShown(each) && !each.parentElement?.closest(".scroll, pre");
      });
      return [`${wide} px of ${innerWidth}`, ...out.slice(0, 5).map(name)];
    },
    // Targets below 24 px that are neither links in running text nor drawn by the browser.
    small() {
      return controls()
        .filter((each) => !(each.matches("a, summary") && getComputedStyle(each).display === "inline"))
        .filter((each) => !each.matches(".skip, [tabindex]:not(a, button, input, select, textarea, summary), input[type=checkbox], input[type=radio]"))
        .filter((each) => {
          const box = each.getBoundingClientRect();
          return Math.round(box.height) < 24 || Math.round(box.width) < 24;
        })
        .map((each) => `${name(each)} ${Math.round(each.getBoundingClientRect().width)}x${Math.round(each.getBoundingClientRect().height)}`);
    },
    unfold() {
      for (const each of document.querySelectorAll("main details")) each.open = true;
    },
    forms: () =>
      [...document.querySelectorAll("form")].map((form) => ({
        action: new URL(form.action).pathname,
        method: form.method,
        hasButton: form.querySelector("button:not([type=button]), input[type=submit]") !== null || form.matches("[method=get]") || form.id !== "" && document.querySelector(`button[form="${form.id}"]`) !== null,
      })),
  };
})();

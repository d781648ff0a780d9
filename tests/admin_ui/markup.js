// Parses pages as a browser does, without running anything, and tells what in them is not of our templates.
(() => {
  const LINKS = ["href", "src", "action", "formaction", "data", "poster", "ping", "srcset", "background", "xlink:href"];
  const isOurs = (url) => /^([/?#](?![/\\])|$|data:image\/(svg\+xml|png);|mailto:)/.test(url) && !/[\u0000-\u001f]/.test(url);

  function* everything(root) {
    for (const element of root.querySelectorAll("*")) {
      yield element;
      if (element.localName === "template") yield* everything(element.content);
    }
  }

  // Documentation of vendors is linked to; no such address is made of what others wrote.
  window.foreign = (html, mark, known) => {
    const tags = new Set(known);
    const found = new Set();
    for (const element of everything(new DOMParser().parseFromString(html, "text/html"))) {
      const tag = element.localName;
      if (!tags.has(tag)) found.add(`<${tag}>`);
      for (const { name, value } of element.attributes) {
        if (/^(on|hx-on|x-on|@|style$|srcdoc$|http-equiv$)/.test(name) || name.includes(mark)) found.add(`<${tag} ${name}>`);
        const isLink = LINKS.includes(name) || /^hx-(get|post|put|patch|delete|push-url)$/.test(name);
        const isOutward = tag === "a" && name === "href" && value.startsWith("https://") && !value.includes(mark);
        if (isLink && !isOurs(value) && !isOutward) found.add(`<${tag} ${name}=${value.slice(0, 60)}>`);
        if (/^hx-(vals|headers|trigger)/.test(name) && value.includes(mark)) found.add(`<${tag} ${name}=${value.slice(0, 60)}>`);
      }
      if (tag === "script" && element.type === "application/json") JSON.parse(element.textContent);
      else if (tag === "script" && element.textContent) found.add(`a script: ${element.textContent.slice(0, 60)}`);
      if (tag === "style") found.add("<style>");
    }
    return [...found];
  };
})();

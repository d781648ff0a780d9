// What fields and variables really hold: the API's index, asked once a page.

/** The index of one workspace; empty until it is loaded, and where it cannot be. */
export class Seen {
  constructor(workspace, loaded) {
    this.workspace = workspace;
    this.loaded = loaded;
    this.of = { field: { events: 0, told: new Map() }, variable: { events: 0, told: new Map() } };
    this.asked = new Set();
  }

  /** Loads what there is of a kind, once. */
  async load(by) {
    if (this.asked.has(by)) return;
    this.asked.add(by);
    const query = by === "field" ? "limit=1000" : `limit=1&workspace=${encodeURIComponent(this.workspace)}`;
    try {
      const answer = await fetch(`/api/v1/fields?${query}`, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const data = await answer.json();
      const [told, events] = by === "field" ? [data.fields, data.events] : [data.variables, data.variable_events];
      this.of[by] = { events, told: new Map(told.map((each) => [each.path ?? each.name, each])) };
      this.loaded();
    } catch {
      // Without it nothing is suggested; everything can be typed.
    }
  }

  /** Returns what is told of a name, undefined where it was not seen. Members of a list are all told of by the first. */
  about(by, name) {
    const { told } = this.of[by];
    return told.get(name) ?? told.get(name.replace(/\.\d+(?=\.|$)/g, ".0"));
  }

  /** Returns the names that hold a text, those that begin with it first. */
  names(by, text) {
    const asked = text.trim().toLowerCase();
    const found = [...this.of[by].told.values()].map((told) => ({ told, value: told.path ?? told.name }));
    return found
      .filter(({ value }) => value.toLowerCase().includes(asked))
      .sort((one, other) => other.value.toLowerCase().startsWith(asked) - one.value.toLowerCase().startsWith(asked))
      .map(({ told, value }) => ({ value, label: value, detail: summary(told) }));
  }

  /** Returns the values of a name that hold a text. A masked one is none that a condition could ask for. */
  values(by, name, text) {
    const asked = text.trim().toLowerCase();
    return (this.about(by, name)?.values ?? [])
      .filter(({ value, masked }) => !masked && String(value).toLowerCase().includes(asked))
      .map(({ value, count }) => ({ value, label: String(value), detail: `${count.toLocaleString("en")} times` }));
  }

  /** Returns what to say beside a name, and whether it is a warning. */
  hint(by, name) {
    const { events } = this.of[by];
    if (!name || !events) return ["", false];
    const told = this.about(by, name);
    if (told?.fault) return [`its script fails: ${told.fault}`, true];
    return told?.events ? [summary(told), false] : [`not seen: 0 of ${events.toLocaleString("en")} events`, true];
  }
}

function summary(told) {
  if (!told.events) return told.fault || "no value yet";
  const values = told.values.slice(0, 3).map(({ value }) => String(value)).join(", ");
  return `${told.types.join(" or ")}, in ${(told.share * 100).toFixed(1)} %${values ? `: ${values}` : ""}`;
}

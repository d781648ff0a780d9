// What can be written next: the kit's functions, members of what scripts are handed, fields that events really have,
// and the names of the text itself.
import { completeAnyWord } from "@codemirror/autocomplete";

const DOTTED = /[A-Za-z_]\w*(?:\.[\w-]*)*$/;
const seen = new Map();

// Fields of the last events, asked for once a page; without an answer there are only those that are always known.
function fieldsOf(url) {
  if (!url) return Promise.resolve([]);
  if (!seen.has(url)) seen.set(url, ask(url));
  return seen.get(url);
}

async function ask(url) {
  try {
    const answer = await fetch(url, { headers: { accept: "application/json" } });
    const data = answer.ok ? await answer.json() : {};
    return (Array.isArray(data.fields) ? data.fields : []).filter((each) => typeof each.path === "string");
  } catch {
    return [];
  }
}

// A path as Lua has it: `event["x-fb-fbp"]` where a name is no word, and lists count from 1.
function written(table, path) {
  const parts = path.split(".").map((part) => {
    if (/^[A-Za-z_]\w*$/.test(part)) return `.${part}`;
    return /^\d+$/.test(part) ? `[${Number(part) + 1}]` : `["${part}"]`;
  });
  return { label: `${table}.${path}`, apply: table + parts.join("") };
}

function kitOptions(kit) {
  return kit.functions.map((each) => ({
    label: each.name,
    detail: each.signature,
    type: "function",
    info: `${each.doc}\n\n${each.example}`,
  }));
}

function memberOptions(kit) {
  return kit.tables.flatMap((table) =>
    table.values.map((value) => ({
      ...written(table.name, value.name), detail: value.type, type: "property", info: value.meaning,
    })),
  );
}

function fieldOptions(fields) {
  return fields.map((each) => ({
    ...written("event", each.path),
    detail: each.types ? [].concat(each.types).join(", ") : "",
    type: "property",
    boost: 1,
    info: each.share === undefined ? "" : `In ${(each.share * 100).toFixed(1)} % of the last events.`,
  }));
}

function unique(options) {
  return [...new Map(options.map((each) => [each.label, each])).values()];
}

export function luaCompletion(kit, url) {
  const known = [...kitOptions(kit), ...memberOptions(kit)];
  return async (context) => {
    const word = context.matchBefore(DOTTED);
    if (!word && !context.explicit) return null;
    const from = word ? word.from : context.pos;
    const words = completeAnyWord(context)?.options ?? [];
    const fields = fieldOptions(await fieldsOf(url));
    const dotted = word && word.text.includes(".");
    return { from, options: unique(dotted ? [...known, ...fields] : [...words, ...known, ...fields]), validFor: /^[\w.-]*$/ };
  };
}

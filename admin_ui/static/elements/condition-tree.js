// Conditions as rows edit them: the tree is the JSON data itself, so that what no row touches stays. What rows cannot show
// is refused, never dropped.

export const KINDS = { all: "every one of", any: "at least one of", not: "none of" };
export const OPERATORS = {
  equals: "equals",
  contains: "contains",
  starts_with: "starts with",
  ends_with: "ends with",
  matches: "matches the pattern",
  greater: "is greater than",
  greater_or_equal: "is at least",
  less: "is less than",
  less_or_equal: "is at most",
  exists: "exists",
  in: "is one of",
};
export const CASED = ["equals", "contains", "starts_with", "ends_with", "matches", "in"];
const TEXTUAL = ["contains", "starts_with", "ends_with", "matches"];
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i;
const ITEM = /\s*"(?:[^"\\]|\\.)*"|[^,]+/g;

/** Returns the tree of a text; throws an Error that says why rows cannot show it. */
export function read(text) {
  const data = JSON.parse(text.trim() || "{}");
  requireTable(data, "it");
  const { folder, note, ...group } = data; // Those of the trigger itself go through as they are.
  requireGroup(group, "");
  return data;
}

/** Tells a group from a condition. */
export function isGroup(part) {
  return !("is" in part);
}

/** Returns the parts of a group that are there. */
export function partsOf(group) {
  return Object.keys(group).filter((kind) => kind in KINDS && Array.isArray(group[kind]));
}

/** Returns a condition's value as it stands in its box. */
export function valueText(operator, value) {
  if (value === undefined || value === null) return "";
  if (operator === "in" && Array.isArray(value)) return value.map(itemText).join(", ");
  if (TEXTUAL.includes(operator) && typeof value === "string") return value;
  return scalarText(value);
}

/** Returns the value that a box's text means. */
export function valueOf(operator, text) {
  if (TEXTUAL.includes(operator)) return text;
  return operator === "in" ? listOf(text) : scalarOf(text);
}

/** Returns a member of a list as it stands in the box. */
export function itemText(value) {
  const text = scalarText(value);
  return typeof value === "string" && (text.includes(",") || text.trim() !== text || !text) ? JSON.stringify(value) : text;
}

function scalarText(value) {
  if (typeof value !== "string") return JSON.stringify(value);
  return scalarOf(value) === value && !/[\r\n]/.test(value) ? value : JSON.stringify(value);
}

function scalarOf(text) {
  if (text === "true" || text === "false") return text === "true";
  // What would not come back as it was written, such as 1.50 or 007, stays text; it compares the same.
  if (NUMBER.test(text) && String(Number(text)) === text) return Number(text);
  return /^\s*["[{]/.test(text) ? parsed(text, text) : text;
}

function listOf(text) {
  const whole = text.trim().startsWith("[") ? parsed(text) : undefined;
  if (Array.isArray(whole)) return whole;
  return (text.match(ITEM) ?? []).map((item) => item.trim()).filter(Boolean).map(scalarOf);
}

function parsed(text, otherwise) {
  try {
    return JSON.parse(text);
  } catch {
    return otherwise;
  }
}

function requireTable(value, what) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) throw new Error(`${what} is no table of conditions`);
}

function requireGroup(group, path) {
  for (const [kind, members] of Object.entries(group)) {
    const place = path ? `${path}.${kind}` : kind;
    if (!(kind in KINDS)) throw new Error(`the key ${place} is not known`);
    if (members !== null && !Array.isArray(members)) throw new Error(`${place} is no list`);
    (members ?? []).forEach((part, index) => requirePart(part, `${place}.${index}`));
  }
}

function requirePart(part, path) {
  requireTable(part, path);
  if (isGroup(part) && !("field" in part) && !("variable" in part)) return requireGroup(part, path);
  const { field, variable, is, value, not = false, ignore_case = false, ...more } = part;
  for (const key of Object.keys(more)) throw new Error(`the key ${path}.${key} is not known`);
  if (!(is in OPERATORS)) throw new Error(`${path}.is is no operator`);
  const names = [field, variable].filter((name) => name != null);
  if (names.length !== 1 || typeof names[0] !== "string") throw new Error(`${path} needs either a field or a variable`);
  if (![not, ignore_case].every((mark) => typeof mark === "boolean")) throw new Error(`${path} has a mark that is not true or false`);
  requireExact(value, path);
}

function requireExact(value, path) {
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER && typeof value === "number") throw new Error(`${path}.value is too large for rows`);
  if (value && typeof value === "object") Object.values(value).forEach((each) => requireExact(each, path));
}

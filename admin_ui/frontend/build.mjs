// Builds what pages load from others into ../static/vendor: the editor's bundle, the two files that are copied as they
// are, all licences, and a manifest by which a test tells that nobody has touched them. `make frontend` runs it.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const VENDOR = here("../static/vendor/");
const COPIED = [
  ["htmx.org", "dist/htmx.min.js", "htmx.min.js"],
  ["@picocss/pico", "css/pico.min.css", "pico.min.css"],
];

function packageOf(name) {
  const { version, license } = JSON.parse(readFileSync(here(`node_modules/${name}/package.json`), "utf8"));
  return { name, version, license };
}

function licenceOf(name) {
  const folder = here(`node_modules/${name}/`);
  const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
  if (!file) throw new Error(`${name} has no licence file`);
  return readFileSync(folder + file, "utf8").trim();
}

// The packages of which something is in the bundle, by the paths of its inputs.
function bundled(inputs) {
  const names = Object.keys(inputs).map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
  return [...new Set(names.filter(Boolean))].sort();
}

function entry(file, names) {
  const sha256 = createHash("sha256").update(readFileSync(VENDOR + file)).digest("hex");
  return [file, { sha256, packages: names.map(packageOf) }];
}

const result = await build({
  entryPoints: [here("src/editor.js")],
  outfile: `${VENDOR}editor.js`,
  absWorkingDir: here("."),
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  sourcemap: "external",
  legalComments: "none",
  metafile: true,
});
for (const [name, from, to] of COPIED) copyFileSync(here(`node_modules/${name}/${from}`), VENDOR + to);

const editor = bundled(result.metafile.inputs);
const files = Object.fromEntries([entry("editor.js", editor), ...COPIED.map(([name, , to]) => entry(to, [name]))]);
writeFileSync(`${VENDOR}manifest.json`, `${JSON.stringify({ files }, null, 2)}\n`);
const all = [...new Set([...editor, ...COPIED.map(([name]) => name)])].sort();
const texts = all.map((name) => `${name} ${packageOf(name).version}\n\n${licenceOf(name)}\n`);
writeFileSync(`${VENDOR}LICENSES`, texts.join(`\n${"-".repeat(72)}\n\n`));

/** The documents name files and npm scripts that are there. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { scripts } from "../../package.json";

const ROOT = join(__dirname, "..", "..");
const DOCUMENTS = [
  ...[
    "README.md",
    "DESIGN.md",
    "CONTRIBUTING.md",
    "puppeth-notes.md",
    "geth/README.md",
    "geth/ec2/README.md",
  ],
  ...readdirSync(join(ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];
/** Made by a command, and in no clone. */
const GENERATED = /^(build|data)\//;

describe("the documents", () => {
  for (const document of DOCUMENTS)
    it(`${document}: every file, link and npm script that it names is there`, () => {
      const text = readFileSync(join(ROOT, document), "utf8");
      const files = [...text.matchAll(/`([\w./-]+\/[\w.-]*\.(?:ts|mjs|cjs|sol|ino|hex|json))`/g)].map(
        ([, file]) => file!,
      );
      const links = [...text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)]
        .map(([, link]) => link!)
        .filter((link) => !link.includes(":"));
      const isThere = (path: string) =>
        existsSync(join(ROOT, path)) || existsSync(join(ROOT, dirname(document), path));
      assert.deepEqual(
        [...files, ...links].filter((path) => !GENERATED.test(path) && !isThere(path)),
        [],
      );
      const named = [...text.matchAll(/npm run (?:--silent )?([\w:]+)/g)].map(([, name]) => name!);
      assert.deepEqual(
        named.filter((name) => !Object.hasOwn(scripts, name)),
        [],
      );
    });
});

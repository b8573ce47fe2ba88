/** `npm run build:page`: the page by Vite into build/page; nothing when nothing it is made of has changed. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { compile } from "./compile";

const ROOT = join(__dirname, "..");
const PAGE = join(ROOT, "build", "page");
const STAMP = join(ROOT, "build", "page.sha256");
const SOURCES = [
  "public",
  "common",
  "build/abi",
  "vite.config.mts",
  "scripts/build-page.ts",
  "package-lock.json",
];
const COMPRESSIBLE = /\.(js|css|html|svg)$/;

function filesUnder(path: string): string[] {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesUnder(join(path, name)));
}

function hashSources(): string {
  const hash = createHash("sha256");
  for (const file of SOURCES.flatMap((source) => filesUnder(join(ROOT, source)))) {
    hash.update(`${file}\0`).update(readFileSync(file));
  }
  return hash.digest("hex");
}

/** Writes each file once more, as the server sends it to a browser that takes Brotli or gzip. */
function compress(): void {
  for (const file of filesUnder(PAGE).filter((name) => COMPRESSIBLE.test(name))) {
    const content = readFileSync(file);
    writeFileSync(`${file}.br`, brotliCompressSync(content));
    writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
  }
}

/** Brings build/page up to date. @returns false when it was already */
export async function buildPage(): Promise<boolean> {
  await compile();
  const sources = hashSources();
  const isBuilt = existsSync(join(PAGE, "index.html"));
  if (isBuilt && existsSync(STAMP) && readFileSync(STAMP, "utf8") === sources) return false;
  rmSync(STAMP, { force: true });
  const { build } = await import("vite");
  await build({ configFile: join(ROOT, "vite.config.mts"), logLevel: "warn" });
  compress();
  writeFileSync(STAMP, sources);
  return true;
}

if (require.main === module) {
  buildPage()
    .then((isNew) => console.log(isNew ? "Built into build/page." : "Nothing to build."))
    .catch((error: Error) => {
      console.error(error.message);
      process.exitCode = 1;
    });
}

/**
 * `npm run bench:page`: what a browser receives of the page by gzip, chunk by chunk; `-- --json` for the same as one object.
 * "First load" is what index.html names; each other chunk comes when it is needed: the chart when the page is drawn, the
 * contracts' codec with a wallet, the lab wallet's window when it opens.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { buildPage } from "../build-page";

const PAGE = join(__dirname, "..", "..", "build", "page");
/** Of the JavaScript of a first load, bytes. */
const AIM = 130_000;

interface Chunk {
  file: string;
  bytes: number;
  gzipBytes: number;
  isFirstLoad: boolean;
}

export interface PageWeight {
  chunks: Chunk[];
  firstLoadBytes: number;
  allBytes: number;
  stylesBytes: number;
  aimBytes: number;
}

const sum = (chunks: Chunk[]) => chunks.reduce((total, chunk) => total + chunk.gzipBytes, 0);

function weighPage(page = PAGE): PageWeight {
  const entry = readFileSync(join(page, "index.html"), "utf8");
  const weigh = (file: string): Chunk => {
    const bytes = (name: string) => statSync(join(page, "assets", name)).size;
    return {
      file,
      bytes: bytes(file),
      // The file that the server sends.
      gzipBytes: bytes(`${file}.gz`),
      isFirstLoad: entry.includes(file),
    };
  };
  const files = readdirSync(join(page, "assets")).sort();
  const chunks = files.filter((file) => file.endsWith(".js")).map(weigh);
  return {
    chunks: chunks.sort((a, b) => Number(b.isFirstLoad) - Number(a.isFirstLoad) || b.gzipBytes - a.gzipBytes),
    firstLoadBytes: sum(chunks.filter((chunk) => chunk.isFirstLoad)),
    allBytes: sum(chunks),
    stylesBytes: sum(files.filter((file) => file.endsWith(".css")).map(weigh)),
    aimBytes: AIM,
  };
}

function printTable(weight: PageWeight): void {
  const kB = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`.padStart(10);
  console.log(`${"JavaScript of the page".padEnd(36)}${"plain".padStart(10)}${"gzip".padStart(10)}`);
  for (const { file, bytes, gzipBytes, isFirstLoad } of weight.chunks)
    console.log(`${(file + (isFirstLoad ? "" : "  (later)")).padEnd(36)}${kB(bytes)}${kB(gzipBytes)}`);
  console.log(`${`first load (aim: at most ${AIM / 1000} kB)`.padEnd(46)}${kB(weight.firstLoadBytes)}`);
  console.log(`${"all".padEnd(46)}${kB(weight.allBytes)}`);
  console.log(`${"styles".padEnd(46)}${kB(weight.stylesBytes)}`);
}

async function main(): Promise<void> {
  await buildPage();
  const weight = weighPage();
  if (process.argv.includes("--json")) console.log(JSON.stringify(weight));
  else printTable(weight);
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});

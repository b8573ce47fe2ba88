/** Which build of the page this server hands out: a page that is open longer than that knows by it that it is older. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** The file name of the page's entry script, which Vite makes from its content; null while there is no page. */
export function pageScriptReader(pageDir: string): () => string | null {
  const file = join(pageDir, "index.html");
  let readAtMs = Number.NaN;
  let script: string | null = null;
  return () => {
    const changedAtMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
    if (changedAtMs === undefined) return null;
    if (changedAtMs !== readAtMs) {
      script = /<script [^>]*src="[^"]*?([^"/]+\.js)"/.exec(readFileSync(file, "utf8"))?.[1] ?? null;
      readAtMs = changedAtMs;
    }
    return script;
  };
}

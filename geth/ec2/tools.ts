/** geth's pinned Go module, as small as it must be to fit into 16 KiB of user data. */
import fs from "node:fs";
import path from "node:path";

const TOOLS = path.join(__dirname, "..", "tools");

/**
 * The lines of a go.sum that a build of this go.mod reads. A full go.sum also has the checksums of every version that
 * any dependency once asked for; with Go's module graph pruning (go 1.17 and later) a build never looks at those, and
 * `-mod=readonly` refuses to build if one that it needs is not there.
 */
export function checksumsNeeded(goMod: string, goSum: string): string {
  const required = new Set(
    [...goMod.matchAll(/^(?:require\s+|\t)(\S+)\s+(v\S+)/gm)].map(
      ([, module, version]) => `${module} ${version}`,
    ),
  );
  const lines = goSum.split("\n").filter((line) => {
    const [module, version] = line.split(" ");
    return required.has(`${module} ${version?.replace(/\/go\.mod$/, "")}`);
  });
  return `${lines.join("\n")}\n`;
}

/** go.mod, go.sum and tools.go for the machines. */
export function gethModule(): { "go.mod": string; "go.sum": string; "tools.go": string } {
  const read = (name: string) => fs.readFileSync(path.join(TOOLS, name), "utf8");
  const goMod = read("go.mod");
  return { "go.mod": goMod, "go.sum": checksumsNeeded(goMod, read("go.sum")), "tools.go": read("tools.go") };
}

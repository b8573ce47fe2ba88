/** What a program has started ends with it, also what it was about to start at that moment. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identityOf } from "../../scripts/chain/process-identity";
import { until } from "../support/until";

const ROOT = join(__dirname, "..", "..");
/** Writes its own number down, then goes on for ever. */
const FOREVER =
  'require("node:fs").writeFileSync(process.argv[1], String(process.pid)); setInterval(() => {}, 1000)';

describe("a program's end", function () {
  this.timeout(60_000);
  let folder: string;
  let pidFile: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "nw-ending-"));
    pidFile = join(folder, "pid");
  });
  afterEach(() => {
    const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, "utf8")) : 0;
    if (pid > 0 && identityOf(pid)) process.kill(pid, "SIGKILL");
    rmSync(folder, { recursive: true });
  });
  const writtenPid = () =>
    until("its number", () => existsSync(pidFile) && Number(readFileSync(pidFile, "utf8")));

  it("ends what is started while something else is being ended", async () => {
    const program = `
      const { spawn } = require("node:child_process");
      const { end, endsWithUs, listen } = require("./scripts/ending.ts");
      listen();
      endsWithUs("the first", async () => {
        const late = spawn(process.execPath, ["-e", ${JSON.stringify(FOREVER)}, ${JSON.stringify(pidFile)}], { stdio: "ignore" });
        const over = new Promise((resolve) => late.once("exit", resolve));
        endsWithUs("the late one", () => { late.kill(); return over; });
        while (!require("node:fs").existsSync(${JSON.stringify(pidFile)})) await new Promise((resolve) => setTimeout(resolve, 10));
      });
      void end(0);`;
    const child = spawn(process.execPath, ["--require", "tsx/cjs", "-e", program], { cwd: ROOT });
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += String(chunk);
    });
    const [code] = await once(child, "exit");
    assert.equal(code, 0, stderr);
    assert.equal(identityOf(await writtenPid()), null);
  });

  it("ends anvil too when it comes before anvil's number is known", async () => {
    const supervisor = spawn(
      process.execPath,
      ["scripts/chain/supervisor.mjs", process.execPath, "-e", FOREVER, pidFile],
      { cwd: ROOT, stdio: ["pipe", "pipe", "pipe"] },
    );
    // As the system does for a program that ends.
    supervisor.stdin.destroy();
    supervisor.stdout.destroy();
    // The program below has this pipe too: it closes when the last of the two is gone.
    let isOver = false;
    supervisor.stderr.resume().once("close", () => {
      isOver = true;
    });
    await until("the end of both", () => isOver);
  });
});

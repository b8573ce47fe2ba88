import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(__dirname, "..", "..");
/** No program imports them, or they are made by one. */
const LEFT_OUT = new Set([
  ".env",
  ".git",
  "build",
  "coverage",
  "data",
  "node_modules",
  "test",
  "test-artifacts",
]);

describe("the file .env", function () {
  this.timeout(180_000);
  let copy: string;

  /** The folder as a user has it, in a place where the test may write `.env`. */
  before(() => {
    copy = mkdtempSync(join(tmpdir(), "neighborwatt-env-"));
    for (const name of readdirSync(ROOT).filter((one) => !LEFT_OUT.has(one)))
      cpSync(join(ROOT, name), join(copy, name), {
        recursive: true,
        filter: (file) => !file.includes("node_modules"),
      });
    for (const name of ["node_modules", "build"]) symlinkSync(join(ROOT, name), join(copy, name));
  });
  after(() => rmSync(copy, { recursive: true, force: true }));

  /** This process's environment without any setting that a developer may have in it. */
  function environment(more: Record<string, string>): NodeJS.ProcessEnv {
    const env = { ...process.env, ...more };
    for (const name of ["METER", "GETH_BIN", "EMBEDDED_PORT", "PORT"]) if (!(name in more)) delete env[name];
    return env;
  }

  /** The program behind an npm script: npm itself would not hand a signal on. */
  const script = (name: string): string[] => {
    const { scripts } = JSON.parse(readFileSync(join(copy, "package.json"), "utf8"));
    return (scripts[name] as string).split(" ");
  };

  /** Everything that a command prints until it ends, or until `isEnough`. */
  function run(
    command: string[],
    more: Record<string, string> = {},
    isEnough: (said: string) => boolean = () => false,
  ) {
    return new Promise<string>((resolve) => {
      const child = spawn(command[0]!, command.slice(1), { cwd: copy, env: environment(more) });
      let said = "";
      const hear = (chunk: Buffer) => {
        said += chunk.toString();
        if (isEnough(said)) child.kill("SIGTERM");
      };
      child.stdout.on("data", hear);
      child.stderr.on("data", hear);
      child.once("close", () => resolve(said));
    });
  }

  const write = (...lines: string[]) => writeFileSync(join(copy, ".env"), `${lines.join("\n")}\n`);

  it("chooses the meter of npm run meter", async () => {
    write("METER=serial:/dev/neighborwatt-file");
    const said = await run(script("meter"), {}, (text) => text.includes("/dev/neighborwatt"));
    assert.match(said, /\/dev\/neighborwatt-file/);
  });

  it("comes after the environment", async () => {
    write("METER=serial:/dev/neighborwatt-file");
    const more = { METER: "serial:/dev/neighborwatt-environment" };
    const said = await run(script("meter"), more, (text) => text.includes("/dev/neighborwatt"));
    assert.match(said, /\/dev\/neighborwatt-environment/);
    assert.doesNotMatch(said, /neighborwatt-file/);
  });

  it("chooses the geth of npm run geth", async () => {
    write("GETH_BIN=/nowhere/geth");
    assert.match(await run([...script("geth"), "up"]), /GETH_BIN=\/nowhere\/geth is not a program/);
  });

  it("says to Truffle where the chain is", async () => {
    write("EMBEDDED_PORT=1");
    const truffle = join(ROOT, "node_modules", "truffle", "build", "cli.bundled.js");
    assert.match(
      await run([process.execPath, truffle, "exec", "probe.ts"]),
      /No Ethereum node answers at http:\/\/127\.0\.0\.1:1:/,
    );
  });

  it("changes no test: these get the programs to use and nothing else", () => {
    write("GETH_BIN=/nowhere/geth", "PORT=1");
    writeFileSync(join(copy, "probe.ts"), "console.log(process.env.GETH_BIN, process.env.PORT)");
    const probe = (...options: string[]) =>
      spawnSync(process.execPath, ["scripts/bootstrap.mjs", ...options, "probe.ts"], {
        cwd: copy,
        env: environment({}),
        encoding: "utf8",
      }).stdout;
    assert.equal(probe(), "/nowhere/geth undefined\n");
    assert.equal(probe("--settings"), "/nowhere/geth 1\n");
  });

  it("may be absent", async () => {
    rmSync(join(copy, ".env"));
    assert.match(await run(script("meter"), {}, (text) => text.includes("relay open")), /relay open/);
  });
});

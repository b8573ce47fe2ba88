/** Someone at a terminal, in `truffle console` or `truffle develop`. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { type IPty, spawn } from "@lydell/node-pty";
import { TRUFFLE } from "./truffle";

const ROOT = join(__dirname, "..", "..");
const PROMPT = /truffle\(\w+\)> $/;
/** For one answer, on a slow machine. */
const ANSWER_TIMEOUT_MS = 60_000;

/** Types a line, waits for the next prompt, reads what came before it. */
export class TruffleConsole {
  private output = "";
  private changed: () => void = () => undefined;
  private readonly exited: Promise<void>;

  private constructor(private readonly terminal: IPty) {
    terminal.onData((data) => {
      this.output += data;
      this.changed();
    });
    this.exited = new Promise((resolve) => terminal.onExit(() => resolve()));
  }

  static async start(args: string[], env: NodeJS.ProcessEnv): Promise<TruffleConsole> {
    const started = new TruffleConsole(
      spawn(TRUFFLE, args, {
        name: "dumb",
        cols: 400,
        rows: 50,
        cwd: ROOT,
        env: { ...process.env, ...env, TERM: "dumb", NO_COLOR: "1" } as Record<string, string>,
      }),
    );
    await started.untilPrompt();
    return started;
  }

  async type(command: string): Promise<string> {
    this.terminal.write(`${command}\r`);
    const text = await this.untilPrompt();
    assert(text.startsWith(command), `the terminal echoes "${command}", not:\n${text}`);
    return text.slice(command.length).trim();
  }

  async exit(): Promise<void> {
    this.terminal.write(".exit\r");
    const timer = setTimeout(() => this.terminal.kill("SIGKILL"), 20_000);
    await this.exited;
    clearTimeout(timer);
  }

  private async untilPrompt(): Promise<string> {
    const deadline = performance.now() + ANSWER_TIMEOUT_MS;
    for (;;) {
      const text = stripVTControlCharacters(this.output).replaceAll("\r", "");
      if (PROMPT.test(text)) {
        this.output = "";
        return text.replace(PROMPT, "").trimEnd();
      }
      if (performance.now() > deadline)
        throw new Error(`no prompt within ${ANSWER_TIMEOUT_MS / 1000} s after:\n${text}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1_000);
        this.changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
}

/**
 * Mocha's `spec` reporter, which also writes its counts as JSON into the file that TEST_COUNTS names, so that one
 * closing line can speak of several test programs. Serves Truffle's mocha and the project's own.
 */
import { writeFileSync } from "node:fs";
import Mocha from "mocha";

export interface Counts {
  passed: number;
  failed: string[];
  skipped: string[];
}

class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const counts: Counts = { passed: 0, failed: [], skipped: [] };
    const write = () => {
      if (process.env.TEST_COUNTS) writeFileSync(process.env.TEST_COUNTS, JSON.stringify(counts));
    };
    runner.on("pass", () => {
      counts.passed++;
    });
    runner.on("fail", (test, error) => {
      counts.failed.push(`${test.fullTitle()}: ${String(error?.message ?? error).split("\n")[0]}`);
      write();
    });
    runner.on("pending", (test) => {
      counts.skipped.push(test.fullTitle());
    });
    runner.on("end", write);
  }
}

module.exports = CountingReporter;

// Adds up test reports and prints "N passed, N failed", the line that closes a CI run. A run without a report has failed.
import { existsSync, readFileSync } from "node:fs";

const missing = { numPassedTests: 0, numFailedTests: 0, success: false };
const reports = process.argv
  .slice(2)
  .map((file) => (existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : missing));
const sum = (key) => reports.reduce((total, report) => total + report[key], 0);
const failed =
  sum("numFailedTests") + reports.filter((report) => !report.success && report.numFailedTests === 0).length;
console.log(`${sum("numPassedTests")} passed, ${failed} failed`);
if (failed > 0 || sum("numPassedTests") === 0) process.exitCode = 1;

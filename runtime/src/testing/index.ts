export { type Coverage, checkCoverage } from "./check-coverage.js";

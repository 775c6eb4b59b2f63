/** The number of random samples: a few in `npm test`, and all in `npm run test:system`. */
export function samples(few: number, all: number): number {
  return process.env["CONNECTUM_ALL_SAMPLES"] === undefined ? few : all;
}

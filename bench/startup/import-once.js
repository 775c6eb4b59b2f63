// Imports the second package while the first ones are loaded: `node import-once.js MODULE [LOADED ...]`. Prints the
// processor time and the time on the clock of the import, in milliseconds.
const [name, ...loaded] = process.argv.slice(2);
for (const other of loaded) await import(other);
// What the loaded modules leave to background threads is theirs.
await new Promise((resolve) => setTimeout(resolve, 50));
const cpu = process.cpuUsage();
const start = performance.now();
await import(name);
const elapsed = performance.now() - start;
const { user, system } = process.cpuUsage(cpu);
console.log(JSON.stringify({ elapsed, cpu: (user + system) / 1000 }));

// One start, in a process of its own; prints the processor time it took, in milliseconds. Unlike the time on the clock,
// that does not depend on what else the machine is doing.
import { createProtoAuthzInterceptor } from "@connectum/auth";

const [variant, folder] = process.argv.slice(2);
console.log(await start());

async function start() {
  if (variant === "reflection") {
    const { createSchema } = await import("../support/schema.js");
    const { resolveMethod } = await import("../support/reflective.js");
    const { services } = createSchema(1_000, 10);
    return time(() => services.map(({ methods }) => methods.map(resolveMethod)));
  }
  if (variant === "tables in memory") {
    const { policies } = await import(`${folder}/auth_policies.js`);
    return time(() => createProtoAuthzInterceptor({ policies }));
  }
  const file = variant === "registry" ? "auth_policies.js" : `${variant}.js`;
  return time(async () => {
    const { policies } = await import(`${folder}/${file}`);
    return createProtoAuthzInterceptor({ policies });
  });
}

async function time(run) {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

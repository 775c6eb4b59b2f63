export { introspection } from "./introspection/introspection.js";
export type { IntrospectionOptions } from "./introspection/introspection-options.js";

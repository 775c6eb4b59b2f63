/** Name and version of the plugin, as in its package.json. */
export const pluginName = "protoc-gen-connectum-auth";
export const pluginVersion = "v0.1.0";

declare module "oidc-provider" {
  import type { RequestListener } from "node:http";

  /** The part of the provider that is used here; it ships without types. */
  export default class Provider {
    constructor(issuer: string, configuration: object);
    callback(): RequestListener;
  }
}

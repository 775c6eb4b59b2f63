declare module "oidc-provider" {
  import type { RequestListener } from "node:http";

  interface Model {
    save(): Promise<string>;
  }
  type ModelClass = new (members: object) => Model;

  /** The part of the provider that is used here; it ships without types. */
  export default class Provider {
    constructor(issuer: string, configuration: object);
    callback(): RequestListener;
    readonly AccessToken: ModelClass;
    readonly RefreshToken: ModelClass;
    readonly Grant: ModelClass;
    readonly Client: { find(id: string): Promise<object> };
  }
}

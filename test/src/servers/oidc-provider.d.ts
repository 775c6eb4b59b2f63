declare module "oidc-provider" {
  import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";

  interface Model {
    save(): Promise<string>;
  }
  type ModelClass<M extends Model = Model> = new (members: object) => M;

  interface Grant extends Model {
    addResourceScope(resource: string, scope: string): void;
    rejectResourceScope(resource: string, scope: string): void;
  }

  /** The page that a user has to see. */
  interface Interaction {
    readonly prompt: {
      readonly name: string;
      readonly details: { readonly missingResourceScopes?: { readonly [resource: string]: readonly string[] } };
    };
    readonly params: { readonly client_id: string; readonly scope: string };
    readonly session?: { readonly accountId: string };
    readonly grantId?: string;
  }

  /** The part of the provider that is used here; it ships without types. */
  export default class Provider {
    constructor(issuer: string, configuration: object);
    callback(): RequestListener;
    readonly AccessToken: ModelClass;
    readonly RefreshToken: ModelClass;
    readonly Grant: ModelClass<Grant> & { find(id: string): Promise<Grant | undefined> };
    readonly Client: { find(id: string): Promise<object> };
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<Interaction>;
    interactionFinished(request: IncomingMessage, response: ServerResponse, result: object): Promise<void>;
  }
}

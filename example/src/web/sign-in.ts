import type { RequestListener } from "node:http";
import { text } from "node:stream/consumers";
import { audience } from "../access.js";
import type { IdentityProvider } from "../identity-provider.js";
import { people, type SignedIn } from "../people.js";

/**
 * Signs in the subject in the body of a `POST`, without a password, since this is an example. Any other request returns
 * the list of people.
 */
export function signIn(identityProvider: Pick<IdentityProvider, "issueToken">): RequestListener {
  return async (request, response) => {
    const answer = (status: number, body: unknown) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (request.method !== "POST") return answer(200, people);
    const subject = await text(request);
    const person = people.find((candidate) => candidate.subject === subject);
    if (person === undefined) return answer(404, { message: "nobody by that name" });
    const signedIn: SignedIn = { token: await identityProvider.issueToken({ ...person, audience }), ...person };
    return answer(200, signedIn);
  };
}

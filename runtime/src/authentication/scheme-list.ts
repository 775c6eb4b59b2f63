import { overlap } from "../schemes/acceptance.js";
import type { AuthScheme } from "../schemes/scheme.js";

/**
 * Checks a scheme or a list of schemes.
 *
 * @param others - the schemes of users. A credential must not fit a scheme of the list and one of these.
 * @throws TypeError for anything but schemes, for such a credential, and for an unreachable scheme.
 */
export function listSchemes(
  schemes: AuthScheme | readonly AuthScheme[],
  option: string,
  others: readonly AuthScheme[] = [],
): readonly AuthScheme[] {
  const list: readonly AuthScheme[] = Array.isArray(schemes) ? [...schemes] : [schemes as AuthScheme];
  for (const scheme of list) {
    if (typeof scheme?.read !== "function") {
      throw new TypeError(`${option}: expected schemes such as jwt({...}), got ${typeof scheme}`);
    }
  }
  for (const scheme of list) {
    const other = others.find((candidate) => acceptTheSame(scheme, candidate));
    if (other === undefined) continue;
    const problem =
      scheme === other ? "is also in authenticate" : `accepts credentials that ${other.name} in authenticate accepts`;
    throw new TypeError(
      `${option}: ${scheme.name} ${problem}, which would make every caller internal; ` +
        `give services an issuer, an audience or a secret of their own, and name it on both sides`,
    );
  }
  for (const [i, first] of list.entries()) {
    const { takesBearer } = first;
    // A scheme for opaque tokens leaves JSON Web Tokens to a later one.
    const isTaken = (other: AuthScheme) =>
      takesBearer === "opaque" ? other.takesBearer === "opaque" : other.takesBearer;
    const second = takesBearer && list.slice(i + 1).find(isTaken);
    if (!second) continue;
    throw new TypeError(
      `${option}: ${first.name} takes every ${takesBearer === "opaque" ? "opaque" : "Bearer"} token, so that ${second.name} ` +
        `after it never sees one; several JWT issuers go into jwt({ issuers: [...] }), sessions by cookie alone say ` +
        `bearer: false, introspection({ tokens: "opaque" }) goes before jwt({...})`,
    );
  }
  return list;
}

/**
 * Returns the schemes as internal ones: their identities may call `internal` methods. The results delegate to the originals,
 * since a scheme may be an instance of a class.
 */
export function asInternal(schemes: readonly AuthScheme[]): readonly AuthScheme[] {
  return schemes.map((scheme) =>
    Object.create(scheme, {
      internal: { value: true },
      read: { value: scheme.read.bind(scheme) },
      isCurrent: { value: scheme.isCurrent?.bind(scheme) },
      warmUp: { value: scheme.warmUp?.bind(scheme) },
    }),
  );
}

/** Returns true if one credential may fit both schemes, as far as they declare it. */
function acceptTheSame(a: AuthScheme, b: AuthScheme): boolean {
  const isCopy = Object.hasOwn(a, "read") && Object.hasOwn(b, "read") && a.read === b.read;
  return a === b || isCopy || (a.accepts ?? []).some((one) => (b.accepts ?? []).some((other) => overlap(one, other)));
}

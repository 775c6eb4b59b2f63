/** Deepest cause that is looked at, and most errors of one `AggregateError`. */
const [maxDepth, maxErrors] = [8, 100];

/** Fields in which libraries keep the original error, besides `cause` and the `errors` of an `AggregateError`. */
const links = ["cause", "parent", "original", "originalError", "driverError", "lastNodeError"] as const;

/** Codes of system errors that count without a `syscall` beside them: libraries copy the code alone. */
const systemCodes: ReadonlySet<unknown> = /* @__PURE__ */ new Set(
  /* @__PURE__ */ (
    "ECONNREFUSED ECONNRESET ECONNABORTED ECONNCLOSED ENOTCONN ESOCKET ESOCKETTIMEDOUT ESHUTDOWN EPIPE EPROTO " +
    "EHOSTUNREACH EHOSTDOWN ENETUNREACH ENETDOWN ENETRESET EADDRINUSE EADDRNOTAVAIL ENOTFOUND EREFUSED ESERVFAIL " +
    "ETIMEDOUT ETIMEOUT ETIME EMFILE ENFILE ENOBUFS ENOMEM ENOSPC EDQUOT EROFS EIO EBUSY EAGAIN EWOULDBLOCK EINTR " +
    "ECANCELED ECANCELLED"
  ).split(" "),
);

/** Codes of system errors that a made-up name of a file causes, such as that of a session. */
const missingFile: ReadonlySet<unknown> = /* @__PURE__ */ new Set(
  /* @__PURE__ */ "ENOENT ENOTDIR EISDIR ENAMETOOLONG EINVAL ELOOP".split(" "),
);

/** Prefixes of codes: DNS, undici, TLS, HTTP/2, streams, MySQL, SQLite, Prisma. */
const codePrefix =
  /^(?:EAI_|UND_ERR_|ERR_(?:SSL|TLS|HTTP2|STREAM|SOCKET|NETWORK)|PROTOCOL_|POOL_|SQLITE_(?:BUSY|LOCKED|IOERR|CANTOPEN|FULL|PROTOCOL)|P1\d{3}$|P20(?:24|28|34|37)$)/;

/**
 * SQLSTATE: connection (08), resources (53), operator and shutdown (57), system (58), internal (XX); a serialization
 * failure or deadlock, a lock that is not available, a read-only replica, a transaction that took too long.
 */
const sqlState = /^(?:(?:08|53|57|58|XX)[0-9A-Z]{3}|4000[123]|40P01|55P03|25006|25P0[34])$/;

/** Words in the name of an error, of its class, or in its code, such as `MongoServerSelectionError` or `CONNECT_TIMEOUT`. */
const nameWords =
  /\b(?:timeout|timed out|abort(?:ed)?|network|connection|not connected|disconnects?|reconnect|socket|offline|unreachable|unavailable|server selection|retries|retryable|all failed|no host|shutdown|throttl\w+|too many (?:requests|connections)|rate limit|throughput exceeded|(?:client|pool|topology|server|stream) closed|primary|interrupted|max time ms|prisma client (?:initialization|rust panic))\b|^(?:err )?cancell?ed(?: error)?$/;

/** Words of a message. Many libraries throw a plain `Error`. */
const messageWords =
  /\b(?:timeout|timed out|(?:connection|socket)\b.{0,60}\b(?:closed|terminated|lost|reset|refused|ended|error|errored|failed|destroyed|hang up|aborted)|(?:lost|closed|no) connection|(?:could not|cannot|can t|unable to|failed to|not) connect(?:ed)?|other side closed|network error|network connection|networkerror|failed to fetch|load failed|error sending request|unreachable|no route to host|client is (?:closed|offline)|disconnects client|pool is (?:closed|draining)|calling end on the pool|stream isn t writeable|topology is closed|startup nodes|slots cache|number of clients|too many (?:connections|clients|requests)|service (?:is )?(?:temporarily )?unavailable|temporarily unavailable|bad gateway|internal server error|unexpected redirect|redirect count exceeded|status(?: code)? (?:5\d\d|429|408))\b/;

/** An expired session or token is no outage. */
const expired =
  /\b(?:session|token|login|credentials?|user)(?: (?:has|is|was|have))?(?: been)? (?:timeout|timed out)\b/;

/** A code of a system error within a message. */
const quotedCode =
  /\b(?:ECONN(?:REFUSED|RESET|ABORTED)|EPIPE|EHOST(?:UNREACH|DOWN)|ENET(?:UNREACH|DOWN)|ETIMEDOUT|ENOTFOUND|EAI_\w+)\b/;

/** Error replies of Redis and Valkey that say something about the server, not about the key. */
const redisReply =
  /^(?:LOADING|BUSY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|READONLY|MISCONF|OOM|NOREPLICAS|NOAUTH|WRONGPASS|NOPERM)\b/;

/** Codes of gRPC and connect: canceled, unknown, deadline exceeded, resource exhausted, internal, unavailable, data loss. */
const rpcCodes: ReadonlySet<unknown> = /* @__PURE__ */ new Set([1, 2, 4, 8, 13, 14, 15]);

/**
 * Returns true for the error of an outage: a server was unreachable, too slow, or failed. Looks at general traits of the error
 * and its causes, never at `instanceof`: errors come from other realms and packages.
 *
 * @param isFinal - stops at an error, whatever caused it.
 *
 * @example
 * isOutage(Object.assign(new Error("connect"), { code: "ECONNREFUSED" })); // true
 * isOutage(new TypeError("fetch failed", { cause: timeout })); // true
 * isOutage(new Error("invalid token")); // false
 */
export function isOutage(error: unknown, isFinal: (error: object) => boolean = () => false): boolean {
  try {
    return search(error, false, maxDepth, new Set(), isFinal);
  } catch {
    // A getter of the error threw.
    return false;
  }
}

function search(
  error: unknown,
  behindFetch: boolean,
  depth: number,
  seen: Set<unknown>,
  isFinal: (error: object) => boolean,
): boolean {
  if (typeof error !== "object" || error === null || depth === 0 || seen.has(error)) return false;
  seen.add(error);
  if (isFinal(error)) return false;
  const traits = error as Traits;
  // Whatever a failed fetch gives a code for: a certificate, a port, a protocol.
  if (saysOutage(traits) || (behindFetch && typeof traits.code === "string")) return true;
  const failedFetch = traits.message === "fetch failed";
  const errors = Array.isArray(traits.errors) ? traits.errors.slice(0, maxErrors) : [];
  return [...links.map((link) => traits[link]), ...errors].some((behind) =>
    search(behind, failedFetch, depth - 1, seen, isFinal),
  );
}

/** Fields of errors of libraries. All are untrusted data. */
interface Traits {
  readonly [name: string]: unknown;
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly errors?: unknown;
}

function saysOutage(error: Traits): boolean {
  return hasOutageCode(error) || hasOutageStatus(error) || hasOutageName(error) || hasOutageMessage(error);
}

function hasOutageCode(error: Traits): boolean {
  const { code, errno, errorCode, sqlState: state, syscall, severity, isAxiosError, response, metadata } = error;
  for (const value of [code, errno, errorCode, state]) {
    if (typeof value !== "string") continue;
    if (systemCodes.has(value) || codePrefix.test(value) || sqlState.test(value) || nameWords.test(words(value))) {
      return true;
    }
  }
  if (typeof code === "number") return metadata !== undefined && rpcCodes.has(code);
  if (typeof syscall === "string") return syscall === "connect" || !missingFile.has(code);
  // PostgreSQL ended the session, or never began it.
  if (severity === "FATAL" || severity === "PANIC") return true;
  return isAxiosError === true && response === undefined;
}

function hasOutageStatus(error: Traits): boolean {
  const holders = [error, error["response"], error["$metadata"], error["output"], error["meta"]];
  return holders.some((holder) => {
    const { status, statusCode, httpStatusCode } = Object(holder);
    return [status, statusCode, httpStatusCode].some((value) => {
      const number = typeof value === "string" ? Number(value) : value;
      return number === 408 || number === 429 || (typeof number === "number" && number >= 500 && number < 600);
    });
  });
}

function hasOutageName(error: Traits): boolean {
  const {
    name,
    codeName,
    constructor: kind,
  } = error as Traits & { readonly constructor?: { readonly name?: unknown } };
  return [name, kind?.name, codeName].some((value) => typeof value === "string" && test(nameWords, value));
}

function hasOutageMessage({ message }: Traits): boolean {
  if (typeof message !== "string") return false;
  return redisReply.test(message) || quotedCode.test(message) || test(messageWords, message);
}

function test(pattern: RegExp, text: string): boolean {
  const spoken = words(text);
  return pattern.test(spoken) && !expired.test(spoken);
}

/** The words of a name, code or message in lower case, one space between them. */
function words(text: string): string {
  return text
    .slice(0, 500)
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/[^A-Za-z0-9]+/g, " ")
    .trim()
    .toLowerCase();
}

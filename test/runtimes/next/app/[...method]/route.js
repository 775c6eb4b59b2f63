import { createLabHandler } from "../../../../dist/runtimes/fetch-handler.js";
import { createRuntimeLab } from "../../../../dist/runtimes/lab.js";

const handle = createLabHandler(createRuntimeLab(process.env.JWKS_URI ?? ""));

export { handle as GET, handle as POST };
export const runtime = "nodejs";
export const dynamic = "force-dynamic";

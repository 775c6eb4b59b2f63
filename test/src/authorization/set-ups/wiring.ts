import { checkWiring } from "@connectum/auth/testing";
import { auth, routes } from "./own-interceptors.js";

/** Rejects where a method can be reached without access control. */
export const methods: string[] = await checkWiring({ ...auth, routes });

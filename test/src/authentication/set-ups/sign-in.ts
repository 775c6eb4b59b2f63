/** Stands for a sign-in. */
export async function signIn() {
  return { accessToken: "a-token" };
}

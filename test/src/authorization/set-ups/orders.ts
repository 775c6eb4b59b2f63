/** Stands for the project's database. */
export const orders = {
  async find(id: string): Promise<{ readonly customer: string } | undefined> {
    return id === "1" ? { customer: "ada" } : undefined;
  },
};

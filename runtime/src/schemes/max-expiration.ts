/** The end of the year 9999, in seconds since the epoch. A later `exp` is probably in milliseconds. */
export const maxExpiration = 253_402_300_799;

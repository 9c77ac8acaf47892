/** The data directory on the simulated disk. */
export const DIRECTORY = "/data";

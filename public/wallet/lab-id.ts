/** How the lab wallet is told apart, known without loading it. */
export const LAB_RDNS = "org.neighborwatt.lab";

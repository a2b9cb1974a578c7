/** The port on which hosts serve files to each other, without spec.artifacts.spreadPort. */
export const defaultSpreadPort = 8022;

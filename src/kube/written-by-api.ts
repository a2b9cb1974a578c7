/** Fields of metadata that the API sets by itself. */
export const writtenByApi = [
  ...(['managedFields', 'resourceVersion', 'generation'] as const),
  ...(['creationTimestamp', 'uid', 'selfLink'] as const),
] as const;

/** The annotation with which client-side apply keeps the whole object, secrets included. */
export const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
